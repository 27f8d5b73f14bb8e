"""The accounts service's handlers: the consent page and the token endpoint."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

from sandbox.messages import Request, Response, html_response, json_response
from sandbox.spotify.exceptions import AccountsRefusal, SpotifyRefusal
from sandbox.spotify.models import SpotifyState


class AccountsApi:
    """Handlers for a state; they cost no quota."""

    def __init__(self, state: SpotifyState) -> None:
        self._state = state

    def authorize(self, request: Request) -> Response:
        """Redirect at once, as if the person had pressed the button that `state.accounts.consents` selects."""
        redirect_uri = request.first("redirect_uri") or ""
        given = {"state": request.first("state")} if request.first("state") is not None else {}
        with self._state.lock:
            try:
                code = self._state.accounts.authorize(
                    request.first("client_id") or "",
                    redirect_uri,
                    request.first("response_type") or "",
                    request.first("scope") or "",
                    request.first("code_challenge") or "",
                )
            except SpotifyRefusal as refusal:
                return html_response(f"<!DOCTYPE html><html><body><p>{refusal.message}</p></body></html>", refusal.status)
            except AccountsRefusal as refusal:
                return _redirect(redirect_uri, {"error": refusal.error, **given})
        return _redirect(redirect_uri, {"code": code, **given})

    def token(self, request: Request) -> Response:
        with self._state.lock:
            try:
                return json_response(self._grant(request))
            except AccountsRefusal as refusal:
                return json_response({"error": refusal.error, "error_description": refusal.description}, refusal.status)

    def _grant(self, request: Request) -> dict[str, Any]:
        accounts, form = self._state.accounts, request.form()
        client_id, secret = _client(request, form)
        accounts.check_client(client_id)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return accounts.exchange(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""), secret)
        accounts.check_secret(secret)
        if kind == "refresh_token":
            return accounts.refresh(form.get("refresh_token", ""))
        if kind == "client_credentials":
            return accounts.client_credentials()
        raise AccountsRefusal("unsupported_grant_type", "grant_type must be client_credentials, authorization_code or refresh_token")


def _client(request: Request, form: dict[str, str]) -> tuple[str | None, str | None]:
    """Id and secret from the Authorization header or, for public clients, from the form."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id"), form.get("client_secret")
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise AccountsRefusal("invalid_client", "Invalid authorization header") from None
    return client_id, secret


def _redirect(address: str, parameters: dict[str, str | None]) -> Response:
    joint = "&" if "?" in address else "?"
    return Response(302, headers=(("Location", f"{address}{joint}{urlencode(parameters)}"),))
