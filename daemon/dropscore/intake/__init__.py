"""How a drop is seen, judged complete and found to be takeable. Nothing here moves a file: `claim` does.

names      which names are never drops
scan       one listing of one inbox: what lies there, as the kernel says
settle     the rule: which of it is complete, and what the rest waits for
probe      the questions asked once a drop stands still: readable? written to? whole?
lease      is anybody writing?
wholeness  does it end as a whole file does?
guard      is this still the folder that it was?
watch      wake the loop early; the scan is the truth
"""
