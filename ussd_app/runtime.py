"""Everything alive in one process, built once and passed as the first argument of every service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import redis
from sqlalchemy import Engine

from ussd_app.gateways.africastalking import AfricasTalking
from ussd_app.gateways.console import ConsoleInstitution, ConsoleMessaging, ConsoleTill
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.gateways.institution import Institution
from ussd_app.gateways.kannel import Kannel
from ussd_app.gateways.messaging import MessagingGateway
from ussd_app.gateways.midtrans import Midtrans
from ussd_app.gateways.payment import PaymentGateway
from ussd_app.queues import Queues
from ussd_app.settings import Settings
from ussd_app.storage import database
from ussd_app.storage.dialogues import Dialogues
from ussd_app.storage.redis import Connections, connect
from ussd_app.vault import Vault


@dataclass(frozen=True)
class Runtime:
    """The live things of a process; `messaging` are the gateways for SMS, by name.

    `compiled` caches published documents by name and version, which never change.
    """

    settings: Settings
    db: Engine
    connections: Connections
    dialogues: Dialogues
    queues: Queues
    vault: Vault
    messaging: Mapping[str, MessagingGateway]
    payment: PaymentGateway
    institution: Institution
    clock: Callable[[], datetime]
    compiled: dict[tuple[str, int], object] = field(default_factory=dict)

    @property
    def redis(self) -> redis.Redis:
        """This thread's connection for dialogues and pointers."""
        return self.connections.get()


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def build(
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    statement_seconds: int = database.STATEMENT_SECONDS,
) -> Runtime:
    """The runtime of a process, from its settings. Connects to nothing until it is used."""
    engine = database.connect(settings.database_url, statement_seconds)
    connections = Connections(settings.redis_url)
    vault = Vault(settings.keys)
    return Runtime(
        settings=settings,
        db=engine,
        connections=connections,
        dialogues=Dialogues(connections, vault),
        queues=Queues(
            connect(settings.rq_redis_url or settings.redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)
        ),
        vault=vault,
        messaging=_messaging(settings),
        payment=_payment(settings, engine, clock),
        institution=FileInstitution() if settings.hands_over_by_file else ConsoleInstitution(),
        clock=clock,
    )


def _messaging(settings: Settings) -> dict[str, MessagingGateway]:
    """Every company that the settings name; the console only where they name none."""
    companies: list[MessagingGateway] = []
    if settings.at_api_key:
        companies.append(
            AfricasTalking(
                settings.at_username,
                settings.at_api_key,
                sender_id=settings.at_sender_id,
                base_url=settings.at_base_url,
            )
        )
    if settings.kannel_url:
        back = settings.kannel_callback_url.rstrip("/")
        address = f"{back}/callbacks/kannel/{settings.callback_token}/delivery-reports" if back else ""
        companies.append(
            Kannel(
                settings.kannel_url,
                settings.kannel_username,
                settings.kannel_password,
                sender_id=settings.kannel_sender_id,
                reports=address,
            )
        )
    return {company.name: company for company in companies or [ConsoleMessaging()]}


def _payment(settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> PaymentGateway:
    if settings.midtrans_server_key:
        return Midtrans(settings.midtrans_server_key, settings.midtrans_base_url)
    return ConsoleTill(engine, settings.secret_key, clock)
