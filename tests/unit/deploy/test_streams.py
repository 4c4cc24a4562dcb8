"""How streams must be, and how a difference is told."""

import pytest

from services.node.streams import (
    ADMITTED,
    SERVICES,
    Stream,
    consumer_differences,
    disk_needed,
    expected_streams,
    stream_differences,
)

STREAMS = expected_streams(["komnas-ham", "komnas-perempuan"])


def test_there_is_one_stream_per_partner_and_one_for_ourselves() -> None:
    """Each partner reads a stream of its own; the services share the local one."""
    assert [stream.name for stream in STREAMS] == [ADMITTED, "TO_komnas-ham", "TO_komnas-perempuan"]
    assert [consumer.name for consumer in STREAMS[0].consumers] == list(SERVICES)
    assert [consumer.name for consumer in STREAMS[1].consumers] == ["komnas-ham"]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_stream_as_stated_has_no_differences(stream: Stream) -> None:
    """What was asked for is accepted, whatever fields the server adds."""
    assert stream_differences(stream, {**stream.settings, "metadata": {"_nats.ver": "9"}}) == ()


@pytest.mark.parametrize("field", STREAMS[1].settings)
def test_every_stated_setting_is_compared(field: str) -> None:
    """No stated setting can be changed or left out unnoticed."""
    stream = STREAMS[1]
    changed = {**stream.settings, field: "other"}
    absent = {name: value for name, value in stream.settings.items() if name != field}
    for actual in (changed, absent):
        (difference,) = stream_differences(stream, actual)
        assert difference.startswith(f"{stream.name}.{field}: expected")


@pytest.mark.parametrize("field", ["republish", "sources", "mirror", "subject_transform", "allow_rollup_hdrs"])
def test_what_lets_messages_in_or_out_another_way_is_refused(field: str) -> None:
    """A copy of the stream to elsewhere, or into it from elsewhere, is a difference."""
    (difference,) = stream_differences(STREAMS[0], {**STREAMS[0].settings, field: {"src": ">"}})
    assert difference.startswith(f"ADMITTED.{field}: expected none")


@pytest.mark.parametrize("field", ["filter_subject", "headers_only", "deliver_subject", "pause_until"])
def test_a_reader_that_skips_is_refused(field: str) -> None:
    """A consumer that sees less than its stream holds is a difference."""
    consumer = STREAMS[0].consumers[0]
    assert consumer_differences(consumer, consumer.settings) == ()
    (difference,) = consumer_differences(consumer, {**consumer.settings, field: "to.x"})
    assert difference.startswith(f"intake.{field}: expected none")


def test_disk_grows_with_every_partner() -> None:
    """The limit that JetStream needs is the sum of the streams' limits."""
    assert disk_needed(STREAMS) == sum(int(str(stream.settings["max_bytes"])) for stream in STREAMS)
    assert disk_needed(expected_streams(["a"])) < disk_needed(STREAMS)
