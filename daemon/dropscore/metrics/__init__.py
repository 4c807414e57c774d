"""What Prometheus is told: figures of the daemon, and the port on which they are read."""

from dropscore.metrics.figures import Figures
from dropscore.metrics.metrics import SUCCESSES, Metrics
from dropscore.metrics.serving import Exporter, handed_over, listening

__all__ = ["SUCCESSES", "Exporter", "Figures", "Metrics", "handed_over", "listening"]
