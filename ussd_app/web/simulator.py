"""A phone in the browser, for trying everything without one: only where the console gateways play the companies."""

from __future__ import annotations

from flask import Flask, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from ussd_app.domain import money
from ussd_app.domain import phone as phones
from ussd_app.errors import Refused
from ussd_app.gateways.console import ConsoleMessaging, ConsoleTill
from ussd_app.runtime import Runtime
from ussd_app.services import payments
from ussd_app.storage import outbox

NUMBER = "+6281234567890"
STATUS = {
    "unknown_code": 404,
    "already_paid": 409,
    "expired": 409,
    "cancelled": 409,
    "wrong_amount": 422,
    "amount": 422,
}
REASONS = {
    "unknown_code": "Kode ini tidak dikenal. / No such pay code.",
    "already_paid": "Kode ini sudah dibayar. / This code has been paid already.",
    "expired": "Kode ini sudah kedaluwarsa. / This code has expired.",
    "cancelled": "Kode ini sudah diganti. / This code has been replaced.",
    "wrong_amount": "Jumlahnya harus {amount}. / The amount must be {amount}.",
    "amount": "Tulis jumlah dalam rupiah, angka saja. / Write the amount in rupiah, digits only.",
}


def routes(app: Flask, rt: Runtime) -> None:
    """What the console gateways can show: the SMS they took, the till, and the page when both are there."""
    texts = any(isinstance(company, ConsoleMessaging) for company in rt.messaging.values())
    if texts:
        app.add_url_rule("/simulator/api/messages", "simulator_messages", lambda: _messages(rt))
    if isinstance(rt.payment, ConsoleTill):
        till = rt.payment
        app.add_url_rule("/simulator/api/payments", "simulator_payments", lambda: _pay(rt, till), methods=["POST"])
    if texts and isinstance(rt.payment, ConsoleTill):
        app.add_url_rule("/simulator/", "simulator", lambda: _page(rt))
        app.add_url_rule("/", "home", _to_page)


def _to_page() -> AnyResponse:
    return redirect("/simulator/")


def _page(rt: Runtime) -> str:
    return render_template(
        "simulator.html",
        service_code=rt.settings.service_code,
        phone=NUMBER,
        callback_url=f"/callbacks/africastalking/{rt.settings.callback_token}/ussd",
        sms_url=f"/callbacks/africastalking/{rt.settings.callback_token}/sms",
        limit=160,
        language="en" if request.args.get("lang") == "en" else "id",
        network_code="99999",
    )


def _messages(rt: Runtime) -> tuple[Response, int]:
    try:
        phone = phones.parse(request.args.get("phone", ""))
    except Refused:
        return jsonify(reason="phone: write it as +62…, 62… or 08…"), 422
    with rt.db.connect() as connection:
        return jsonify(outbox.sent_to(connection, phone)), 200


def _pay(rt: Runtime, till: ConsoleTill) -> tuple[Response, int]:
    code = request.form.get("code", "").replace(" ", "").replace("\0", "")
    try:
        amount = money.parse_amount(request.form.get("amount", ""))
        notification = till.pay(code, amount)
    except Refused as refused:
        if refused.reason == "already_paid":  # whoever paid may have been cut off before we heard of it
            payments.receive(rt, till.notification_again(code))
        values = {name: money.rupiah(int(str(value)), "id") for name, value in refused.values.items()}
        return jsonify(reason=REASONS[refused.reason].format(**values)), STATUS[refused.reason]
    payments.receive(rt, notification)
    return jsonify(ok=True), 202
