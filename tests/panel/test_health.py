"""Health, readiness and metrics: honest, and private to nobody's harm."""

from ambiance.cuesheet.wanted import LightWanted
from ambiance.device.news import DeviceAsked, DeviceReported, DeviceSilent
from ambiance.errors import StoreUnavailable
from tests.panel.doors import House


def test_health_needs_no_token_and_says_how_the_link_is(house: House) -> None:
    house.link = "refused"
    assert house.ask("GET", "/healthz", role=None).json() == {"status": "ok", "link": "refused"}


def test_ready_means_store_open_and_conductor_running_whatever_the_link(house: House) -> None:
    house.link = "down"
    answer = house.ask("GET", "/readyz", role=None)
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "store": "open", "conductor": "running", "link": "down"}
    house.running = False
    assert house.ask("GET", "/readyz", role=None).status_code == 503
    house.running, house.rows.well = True, False
    assert house.ask("GET", "/readyz", role=None).json()["store"] == "not answering"

    def fail() -> bool:
        raise StoreUnavailable("gone")

    house.rows.healthy = fail  # type: ignore[method-assign]
    assert house.ask("GET", "/readyz", role=None).status_code == 503


def test_metrics_are_for_this_machine_or_a_token(house: House) -> None:
    assert house.ask("GET", "/metrics", role=None).status_code == 200
    assert house.ask("GET", "/metrics", role=None, client=("::1", 1)).status_code == 200
    assert house.ask("GET", "/metrics", role=None, client=("192.168.4.7", 1)).status_code == 401
    assert house.ask("GET", "/metrics", role=None, headers={"x-forwarded-for": "1.2.3.4"}).status_code == 401
    assert house.ask("GET", "/metrics", role="integration", client=("192.168.4.7", 1)).status_code == 200
    assert house.ask("GET", "/metrics", role="room", client=("192.168.4.7", 1)).status_code == 403


def test_metrics_count_what_the_controller_did(house: House) -> None:
    house.metrics.cue_sent(0.003)
    for news in (
        DeviceAsked("lavender", "ceiling", LightWanted(True, 40.0, 2700.0)),
        DeviceReported("lavender", "ceiling", {"on": True}, confirmed=True),
        DeviceReported("lavender", "ceiling", {"on": True}, confirmed=False),
        DeviceSilent("lavender", "ceiling", 3),
    ):
        house.metrics.heard(news)
    house.metrics.dropped("retained")
    house.ask("GET", "/nowhere")
    house.ask("BREW", "/nowhere")
    text = house.ask("GET", "/metrics").text
    for line in (
        'ambiance_cue_lateness_seconds_bucket{le="0.002"} 0.0',
        'ambiance_cue_lateness_seconds_bucket{le="0.005"} 1.0',
        'ambiance_commands_total{outcome="sent"} 1.0',
        'ambiance_commands_total{outcome="confirmed"} 1.0',
        'ambiance_commands_total{outcome="failed"} 1.0',
        'ambiance_mqtt_dropped_total{reason="retained"} 1.0',
        'ambiance_http_requests_total{method="GET",status="404"} 1.0',
        'ambiance_http_requests_total{method="other",status="404"} 1.0',
        'ambiance_sessions{state="running"} 0.0',
        'ambiance_link{state="down"} 1.0',
        "ambiance_queue_depth 0.0",
    ):
        assert line in text


def test_states_are_read_when_somebody_looks() -> None:
    from ambiance.panel import Metrics
    from tests.panel.doors import session

    live = [session("s1")]
    metrics = Metrics(lambda: live, lambda: "up", lambda: 12)
    assert b'ambiance_sessions{state="running"} 1.0' in metrics.render()
    live.clear()
    said = metrics.render().decode()
    assert 'ambiance_sessions{state="running"} 0.0' in said
    assert 'ambiance_link{state="up"} 1.0' in said
    assert "ambiance_queue_depth 12.0" in said
    assert "spa" not in said
