"""The words of Dropscore as frozen records and enums. Nothing here touches a disk, a clock or a network."""
