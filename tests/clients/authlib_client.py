"""Ringfence as Python's authlib uses it. What it needs stands in RINGFENCE_CLIENT; where a person has to act, the address
goes out as one line of JSON, and the address that they were sent to comes in as one line."""

import json
import os
import sys
import time

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet

WORLD = json.loads(os.environ["RINGFENCE_CLIENT"])


def visit(url):
    print(json.dumps({"visit": url}), flush=True)
    return sys.stdin.readline().strip()


def step(name):
    print(json.dumps({"step": name}), flush=True)


def equal(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def main():
    plain = requests.Session()
    # Bundles that the machine names would come before ours.
    plain.trust_env = False
    plain.verify = WORLD["certificate"]
    metadata = plain.get(get_well_known_url(WORLD["issuer"], external=True)).json()
    equal(metadata["issuer"], WORLD["issuer"], "issuer")
    keys = KeySet.import_key_set(plain.get(metadata["jwks_uri"]).json())
    step("discovery")

    session = OAuth2Session(
        WORLD["client_id"],
        WORLD["client_secret"],
        scope="openid profile email offline_access",
        redirect_uri=WORLD["redirect_uri"],
        token_endpoint_auth_method="client_secret_basic",
        code_challenge_method="S256",
    )
    session.trust_env = False
    session.verify = WORLD["certificate"]
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    if create_s256_code_challenge(verifier) not in url:
        sys.exit("the request carries no code challenge")
    back = visit(url)
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
    )
    equal(token["token_type"], "Bearer", "token type")
    step("code with PKCE")

    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256", "ES256"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"essential": True, "value": WORLD["issuer"]}, "aud": {"essential": True, "value": WORLD["client_id"]}},
        {"nonce": nonce, "client_id": WORLD["client_id"], "access_token": token["access_token"]},
    )
    claims.validate(leeway=5)
    equal(claims["sub"], WORLD["subject"], "subject")
    step("ID token")

    person = session.get(metadata["userinfo_endpoint"])
    equal(person.status_code, 200, "userinfo")
    equal(person.json()["sub"], claims["sub"], "subject of userinfo")
    step("userinfo")

    old = dict(token)
    fresh = session.refresh_token(metadata["token_endpoint"], refresh_token=old["refresh_token"])
    if fresh["refresh_token"] == old["refresh_token"] or fresh["access_token"] == old["access_token"]:
        sys.exit("a refresh gave an old token")
    equal(session.get(metadata["userinfo_endpoint"]).status_code, 200, "userinfo after a refresh")
    step("refresh")

    gone = session.revoke_token(
        metadata["revocation_endpoint"], token=fresh["refresh_token"], token_type_hint="refresh_token"
    )
    equal(gone.status_code, 200, "revocation")
    bearer = {"Authorization": f"Bearer {fresh['access_token']}"}
    refused_by = time.monotonic() + 1
    while (status := plain.get(metadata["userinfo_endpoint"], headers=bearer).status_code) == 200:
        if time.monotonic() > refused_by:
            sys.exit("userinfo still answers a second after revocation")
    equal(status, 401, "userinfo after revocation")
    form = {"grant_type": "refresh_token", "refresh_token": fresh["refresh_token"]}
    again = plain.post(metadata["token_endpoint"], data=form, auth=(WORLD["client_id"], WORLD["client_secret"]))
    equal((again.status_code, again.json()["error"]), (400, "invalid_grant"), "refresh after revocation")
    step("revocation")

    query = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": WORLD["post_logout"], "state": "bye"}
    out = visit(requests.Request("GET", metadata["end_session_endpoint"], params=query).prepare().url)
    equal(out, f"{WORLD['post_logout']}?state=bye", "after logout")
    step("logout")


main()
