"""Prometheus numbers: what the controller does, never for whom."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ambiance.device.news import DeviceAsked, DeviceNews, DeviceReported, DeviceSilent
from ambiance.session.model import Session, SessionState
from ambiance.units import Seconds

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LATENESS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
_METHODS = frozenset({"GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"})


class Metrics:
    """Counts on a registry of its own; states are read when somebody looks."""

    def __init__(
        self,
        sessions: Callable[[], Iterable[Session]] = tuple,
        link_state: Callable[[], str] = lambda: "down",
        queue_depth: Callable[[], int] = lambda: 0,
    ) -> None:
        self._registry = CollectorRegistry()
        self._late = Histogram(
            "ambiance_cue_lateness_seconds", "How late a cue was sent after its instant.", buckets=LATENESS, registry=self._registry
        )
        commands = Counter("ambiance_commands", "Commands to devices, by what became of them.", ["outcome"], registry=self._registry)
        self._sent, self._confirmed, self._failed = (commands.labels(o) for o in ("sent", "confirmed", "failed"))
        self._http = Counter("ambiance_http_requests", "HTTP requests answered.", ["method", "status"], registry=self._registry)
        self._dropped = Counter("ambiance_mqtt_dropped", "Commands from the bus not acted on.", ["reason"], registry=self._registry)
        self._registry.register(_Present(sessions, link_state, queue_depth))

    def cue_sent(self, late: Seconds) -> None:
        """A cue left `late` seconds after its instant."""
        self._late.observe(max(0.0, late))

    def heard(self, news: DeviceNews) -> None:
        """Count a device's command by what became of it."""
        match news:
            case DeviceAsked():
                self._sent.inc()
            case DeviceReported(confirmed=True):
                self._confirmed.inc()
            case DeviceSilent():
                self._failed.inc()
            case _:
                pass

    def answered(self, method: str, status: int) -> None:
        """An HTTP request was answered."""
        self._http.labels(method if method in _METHODS else "other", str(status)).inc()

    def dropped(self, reason: str) -> None:
        """A message from the bus was not acted on: retained, empty, too large, refused."""
        self._dropped.labels(reason).inc()

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)


class _Present(Collector):
    def __init__(self, sessions: Callable[[], Iterable[Session]], link_state: Callable[[], str], queue_depth: Callable[[], int]) -> None:
        self._sessions, self._link_state, self._queue_depth = sessions, link_state, queue_depth

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        tally = Tally(str(session.state) for session in self._sessions())
        by_state = GaugeMetricFamily("ambiance_sessions", "Sessions that are scheduled or live, by state.", labels=["state"])
        for state in SessionState:
            by_state.add_metric([str(state)], tally[str(state)])
        yield by_state
        link = GaugeMetricFamily("ambiance_link", "The link to the broker: 1 for the state it is in.", labels=["state"])
        present = self._link_state()
        for name in ("up", "down", "refused", "superseded"):
            link.add_metric([name], float(name == present))
        yield link
        yield GaugeMetricFamily("ambiance_queue_depth", "Messages waiting for the broker.", value=self._queue_depth())
