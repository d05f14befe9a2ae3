"""The telemetry broker's address, and how much data is kept while it is unreachable."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from vehicle.config.machine_parts import Positive, Strict

Count = Annotated[int, Field(ge=1)]


class TelemetryConfig(Strict):
    """Keys of the `[telemetry]` table; paths are as the process sees them."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    keepalive_s: Annotated[int, Field(ge=1, le=600)] = 10
    answer_timeout_s: Positive = 5.0
    backoff_first_s: Positive = 0.5
    backoff_max_s: Positive = 30.0
    outbox_file: str | None = None
    outbox_rows_max: Count = 200_000
    outbox_bytes_max: Annotated[int, Field(ge=4096)] = 64 * 1024 * 1024
    window: Annotated[int, Field(ge=1, le=16)] = 8
    backlog_share_ratio: Annotated[float, Field(gt=0, le=1)] = 0.3
    reports_max: Count = 256
    events_max: Count = 4096

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        """Refuse an incomplete set of certificates now; else the first connection would fail, in the field."""
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file: cert_file and key_file belong together; write both or neither")
        if self.cert_file is not None and self.ca_file is None:
            raise ValueError("ca_file: missing; with cert_file, write the file of the broker's certificate authority")
        if self.password_file is not None and self.username is None:
            raise ValueError("username: missing; with password_file, write the user name for the broker")
        return self
