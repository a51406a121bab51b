"""A client in another language, made from the published protocol alone.

usage: client.py ADDRESS WRITE_KEY

Sends one session with four presses that nothing answers, sends its last batch
a second time over a stream, and then a batch that must be refused. Prints what
was answered as one JSON object.
"""

import json
import os
import sys
import time

import grpc

import details_pb2
from furrow.v1 import ingest_pb2_grpc
from furrow.v1 import interaction_pb2 as pb

# How long one call may take, s.
CALL_MAX = 20
# Every response that a browser can report: bits 1 to 24.
REPORTABLE = (1 << 25) - 2
PRESSES = 4


def uuid7(at_ms):
    """16 bytes of a UUIDv7."""
    data = bytearray(at_ms.to_bytes(6, "big") + os.urandom(10))
    data[6] = 0x70 | data[6] & 0x0F
    data[8] = 0x80 | data[8] & 0x3F
    return bytes(data)


def unanswered(watched_ms):
    return pb.Response(
        watched_ms=watched_ms, reportable=REPORTABLE, quiet_before_ms=10_000
    )


def press(number):
    """A press that is told a second after it."""
    return pb.Press(
        number=number,
        kind=pb.PRESS_KIND_CLICK,
        pointer=pb.POINTER_TYPE_MOUSE,
        down_before_ms=1_000,
        x=300,
        y=200,
        page_x=300,
        page_y=200,
        target=0,
        hold_ms=60,
        response=unanswered(1_000),
    )


def batches(began_ms):
    page = pb.Page(number=0, path="/basket", group="basket")
    common = {
        "session_id": uuid7(began_ms),
        "visitor_id": os.urandom(16),
        "sender_id": os.urandom(8),
        "page": page,
        "targets": [
            pb.Target(
                hash=7,
                selector="main button#voucher",
                label="Apply voucher",
                kind=pb.TARGET_KIND_BUTTON,
                interactive=True,
                looks_interactive=True,
            )
        ],
        "sdk": "python-test/1",
    }
    first = pb.Batch(
        sequence=0,
        origin_ms=began_ms,
        sent_ms=began_ms + 5_000,
        device=pb.Device(os="Linux", browser="Firefox", language="de-AT"),
        interactions=[pb.Interaction(page_view=pb.PageView(page=page, loaded_ms=700))]
        + [
            pb.Interaction(dt_ms=4_000 if number == 0 else 200, press=press(number))
            for number in range(PRESSES)
        ],
        **common,
    )
    second = pb.Batch(
        sequence=1,
        origin_ms=began_ms + 6_000,
        sent_ms=began_ms + 20_000,
        interactions=[
            pb.Interaction(
                dt_ms=0 if number == 0 else 200,
                response=pb.ResponseUpdate(press=number, response=unanswered(3_000)),
            )
            for number in range(PRESSES)
        ]
        + [
            pb.Interaction(
                dt_ms=10_000,
                session_end=pb.SessionEnd(cause=pb.SESSION_END_CAUSE_LOGOUT),
            )
        ],
        **common,
    )
    return first, second


def told(ack):
    return {
        "session": ack.session_id.hex(),
        "sender": ack.sender_id.hex(),
        "sequence": ack.sequence,
    }


def refused(error):
    """What a refusal says, its details unpacked."""
    metadata = {name: value for name, value in error.trailing_metadata()}
    status = details_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    violations = []
    for detail in status.details:
        request = details_pb2.BadRequest()
        if detail.Unpack(request):
            violations += [[v.field, v.description] for v in request.field_violations]
    return {"code": error.code().name, "violations": violations}


def main(address, key):
    metadata = [("x-furrow-key", key)]
    first, second = batches(int(time.time() * 1_000) - 60_000)
    wrong = pb.Batch()
    wrong.CopyFrom(second)
    wrong.sequence = 2
    wrong.sender_id = b"short"
    with grpc.insecure_channel(address) as channel:
        service = ingest_pb2_grpc.IngestServiceStub(channel)
        options = {"metadata": metadata, "timeout": CALL_MAX}
        acks = [service.Publish(batch, **options) for batch in (first, second)]
        acks += service.Stream(iter([second]), **options)
        try:
            service.Publish(wrong, **options)
            refusal = None
        except grpc.RpcError as error:
            refusal = refused(error)
    print(
        json.dumps(
            {
                "session": first.session_id.hex(),
                "sender": first.sender_id.hex(),
                "acks": [told(ack) for ack in acks],
                "refusal": refusal,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
