"""The container's HTTP server: `/ping`, `/invocations`, `/execution-parameters`."""

from __future__ import annotations

import codecs
import contextlib
import json
import signal
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .engine import Engine
from .settings import MEBIBYTE, ContainerSettings
from .wire import (
    CSV,
    JSON_LINES,
    format_csv,
    format_json_line,
    parse_csv,
    parse_json_lines,
)

MEDIA_TYPES = (JSON_LINES, CSV)
_IDLE_CONNECTION_S = 120.0
_DRAIN_S = 20.0
_LINGER_S = 2.0
"""Seconds in which a refused caller may go on sending and still read why."""


class RequestError(Exception):
    """A request as a whole that cannot be answered."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class ModelServer(ThreadingHTTPServer):
    """A thread a connection; the engine does the batching behind them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, engine: Engine, settings: ContainerSettings) -> None:
        self.engine = engine
        self.settings = settings
        self._in_flight = 0
        self._idle = threading.Condition()
        super().__init__((settings.host, settings.port), Handler)

    def serve_until_terminated(self) -> None:
        """Serve until SIGTERM or SIGINT, then answer what is in flight and return."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        stop.wait()
        # Ending is under way and bounded in time; a second signal must not cut an answer off.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        self.shutdown()
        thread.join()
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, timeout=_DRAIN_S)
        self.server_close()

    def begin_request(self) -> None:
        """Count a request in flight; termination waits for it."""
        with self._idle:
            self._in_flight += 1

    def end_request(self) -> None:
        """Count a request answered."""
        with self._idle:
            self._in_flight -= 1
            self._idle.notify_all()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive; answers leave in one segment without Nagle's delay."""

    server: ModelServer
    protocol_version = "HTTP/1.1"
    server_version = "twolane-serving"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = _IDLE_CONNECTION_S

    def do_GET(self) -> None:
        """Answer `/ping` and `/execution-parameters`."""
        match self.path:
            case "/ping":
                self._send(HTTPStatus.OK, b"", "text/plain")
            case "/execution-parameters":
                self._send(HTTPStatus.OK, self._execution_parameters(), "application/json")
            case _:
                self._refuse(RequestError(HTTPStatus.NOT_FOUND, f"no such path: {self.path}"))

    def do_POST(self) -> None:
        """Answer `/invocations`."""
        if self.path != "/invocations":
            self._refuse(RequestError(HTTPStatus.NOT_FOUND, f"no such path: {self.path}"))
            return
        self.server.begin_request()
        try:
            body, media_type = self._invoke()
            self._send(HTTPStatus.OK, body, media_type)
        except RequestError as error:
            self._refuse(error)
        except (ConnectionError, TimeoutError):  # the caller left, or stopped sending
            self.close_connection = True
        except Exception as error:  # the model failed: the caller's retry, not one record's fault
            self.log_error("invocation failed: %r", error)
            self._refuse(RequestError(HTTPStatus.INTERNAL_SERVER_ERROR, f"model failed: {error}"))
        finally:
            self.server.end_request()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request would cost more than a short request; errors are still logged."""

    def _invoke(self) -> tuple[bytes, str]:
        content_type = media_type_of(self.headers.get("Content-Type", ""))
        if content_type not in MEDIA_TYPES:
            raise RequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Type must be one of {', '.join(MEDIA_TYPES)}, not {content_type!r}",
            )
        accept = accepted_type(self.headers.get("Accept", ""), content_type)
        body = self._read_body()
        answer = self.server.engine.answers
        if content_type == CSV:
            has_header, records = parse_csv(body)
            answers = answer(records)
        else:
            has_header = True
            answers = answer(parse_json_lines(body.removeprefix(codecs.BOM_UTF8).split(b"\n")))
        if accept == CSV:
            return format_csv(answers, has_header), CSV
        return b"".join(map(format_json_line, answers)), JSON_LINES

    def _read_body(self) -> bytes:
        limit = self.server.settings.max_payload_bytes
        try:
            length = int(self.headers["Content-Length"])
        except (TypeError, ValueError):
            raise RequestError(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required") from None
        if length < 0:
            raise RequestError(HTTPStatus.BAD_REQUEST, f"Content-Length is {length}")
        if length > limit:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"payload of {length} bytes exceeds {limit}"
            )
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the caller left before its payload was read")
        return body

    def _execution_parameters(self) -> bytes:
        settings = self.server.settings
        return json.dumps(
            {
                "MaxConcurrentTransforms": settings.max_concurrent_transforms,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": settings.max_payload_bytes // MEBIBYTE,
            }
        ).encode()

    def _refuse(self, error: RequestError) -> None:
        # What was not read of the body would be taken for the next request.
        self.close_connection = True
        body = json.dumps({"error": {"code": error.status.phrase, "message": str(error)}})
        self._send(error.status, body.encode(), "application/json")
        self._linger()

    def _linger(self) -> None:
        """Take in what a caller still sends: closing on it would reset what it has yet to read.

        Source: RFC 9112, section 9.6.
        """
        until = time.monotonic() + _LINGER_S
        with contextlib.suppress(OSError):  # the caller has gone, or says nothing more
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_S)
            while time.monotonic() < until and self.connection.recv(self.wbufsize):
                pass

    def _send(self, status: HTTPStatus, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def media_type_of(header: str) -> str:
    """The media type of a Content-Type header, lower case, without parameters."""
    return header.split(";", 1)[0].strip().lower()


def accepted_type(accept: str, content_type: str) -> str:
    """The media type to answer with: the first of `accept` we speak, else the request's own.

    Raises:
        RequestError: 406, where `accept` names only types we do not speak.
    """
    wanted = [media_type_of(part) for part in accept.split(",") if part.strip()]
    if not wanted:
        return content_type
    for media_type in wanted:
        if media_type in MEDIA_TYPES:
            return media_type
        if media_type in ("*/*", "application/*", "text/*"):
            return content_type
    raise RequestError(HTTPStatus.NOT_ACCEPTABLE, f"Accept must be one of {', '.join(MEDIA_TYPES)}")
