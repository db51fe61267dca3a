// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/smart/visit.h"

/// What is behind each address of an organisation's authorization server. Those that apps ask
/// answer in OAuth's own form; those for people are pages; the rest answers problems.
namespace xl::gateway::smart {

// discovery.cpp
/// `.well-known/smart-configuration` (SMART App Launch 2.2 §5.1).
[[nodiscard]] Result<http::Response> smart_configuration(const Visit& visit);
/// `.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4).
[[nodiscard]] Result<http::Response> openid_configuration(const Visit& visit);
/// With which id tokens are signed.
[[nodiscard]] Result<http::Response> key_set(const Visit& visit);

// authorize.cpp
/// Begins an authorization. Where app or redirect address are wrong, a page says so; every other
/// refusal goes back to the app.
[[nodiscard]] Result<http::Response> authorize(const Visit& visit);

/// Sends the browser back to the app with an error (RFC 6749 §4.1.2.1).
[[nodiscard]] http::Response back_with_error(const Authorization& wanted, const Error& error);

// token.cpp
/// A code, a refresh token or a backend service's assertion for tokens.
[[nodiscard]] Result<http::Response> give_token(const Visit& visit);
/// What a token is of (RFC 7662).
[[nodiscard]] Result<http::Response> introspect(const Visit& visit);
/// Ends an authorization (RFC 7009).
[[nodiscard]] Result<http::Response> revoke(const Visit& visit);

// login.cpp: who somebody is
/// The sign-in page.
[[nodiscard]] Result<http::Response> login_page(const Visit& visit);
/// Whether somebody has signed in meanwhile, for the page's script.
[[nodiscard]] Result<http::Response> login_state(const Visit& visit);
/// Name and password.
[[nodiscard]] Result<http::Response> login_by_password(const Visit& visit);
/// What is asked of whoever types the page's code on another device, where their key is.
[[nodiscard]] Result<http::Response> show_request(const Visit& visit);
/// A signed sign-in for it.
[[nodiscard]] Result<http::Response> login_by_signature(const Visit& visit);

// passkey.cpp: each step answers what the browser signs next
/// Takes the DID and a key made in the browser; answers what that key signs to prove itself.
[[nodiscard]] Result<http::Response> passkey_begin(const Visit& visit);
/// Takes that proof; answers the challenge of the delegation, which the passkey signs.
[[nodiscard]] Result<http::Response> passkey_delegate(const Visit& visit);
/// Takes the assertion and sends the delegation; answers what the new key signs to sign in.
[[nodiscard]] Result<http::Response> passkey_assert(const Visit& visit);
/// Takes that signature; answers the page that comes next.
[[nodiscard]] Result<http::Response> passkey_finish(const Visit& visit);

// enrol.cpp: a passkey for somebody who has a key elsewhere. Only that key puts it on the ledger
/// The page that makes one.
[[nodiscard]] Result<http::Response> enrol_page(const Visit& visit);
/// Takes the DID; answers what the browser makes the passkey for.
[[nodiscard]] Result<http::Response> enrol_begin(const Visit& visit);
/// Takes the new key; answers the challenge with which it proves itself.
[[nodiscard]] Result<http::Response> enrol_key(const Visit& visit);
/// Takes that proof; answers the code for the device with the person's key.
[[nodiscard]] Result<http::Response> enrol_proof(const Visit& visit);
/// Whether the ledger has the passkey.
[[nodiscard]] Result<http::Response> enrol_state(const Visit& visit);
/// For that device: the passkey of the page that shows a code.
[[nodiscard]] Result<http::Response> show_enrolment(const Visit& visit);

// provider.cpp
/// To the outside provider.
[[nodiscard]] Result<http::Response> provider_begin(const Visit& visit);
/// And back.
[[nodiscard]] Result<http::Response> provider_return(const Visit& visit);

// agree.cpp
/// What the app wants, and for which patient.
[[nodiscard]] Result<http::Response> consent_page(const Visit& visit);
/// Back to the app with a code, or without one.
[[nodiscard]] Result<http::Response> decide_consent(const Visit& visit);

// clients.cpp: for those who run the organisation
/// Registers an app.
[[nodiscard]] Result<http::Response> add_client(const Visit& visit);
/// Every registered app.
[[nodiscard]] Result<http::Response> list_clients(const Visit& visit);
/// Removes an app and ends what it was granted.
[[nodiscard]] Result<http::Response> remove_client(const Visit& visit);
/// Adds somebody without a key.
[[nodiscard]] Result<http::Response> add_account(const Visit& visit);
/// Those without a key.
[[nodiscard]] Result<http::Response> list_accounts(const Visit& visit);
/// Removes an account and ends what it granted.
[[nodiscard]] Result<http::Response> remove_account(const Visit& visit);
/// A launch value for an app that is started from a record.
[[nodiscard]] Result<http::Response> make_launch(const Visit& visit);

/// Notes that somebody signed in for the request `id`, with an `account` where there is one.
/// Errors: smart_login_over, smart_launch_unknown (the record was opened by somebody else).
[[nodiscard]] Status signed_in(const Visit& visit, const std::string& id,
                               auth::Tokens::SignedIn who, std::string account = {});

/// The request that the path names, for the browser that began it. Errors: smart_login_over.
[[nodiscard]] Result<Authorization> authorization_of(const Visit& visit);

/// What somebody signs to sign in for an app: it is in the evidence of all that the app reads.
[[nodiscard]] std::string told_app(const Client& client);
/// The same of somebody without a key, whom the organisation vouches for with `word`.
[[nodiscard]] std::string stated_for(const Client& client, std::string_view word);

/// A user code as pages show it: `BCDF-GHJK`.
[[nodiscard]] std::string shown_code(std::string_view user_code);
/// The user code that the path names, as somebody typed it.
[[nodiscard]] std::string typed_code(const Visit& visit);
/// The whole command for a device with a key.
[[nodiscard]] std::string command_on_device(const Visit& visit, std::string_view command,
                                            std::string_view user_code);

/// HTML of what the app asks for, and of a button that refuses it.
[[nodiscard]] std::string wanted_part(const Visit& visit, const Authorization& wanted);
[[nodiscard]] std::string refusing_part(const Visit& visit, const Authorization& wanted);

/// The logical id of a patient's own record; empty when there is none.
[[nodiscard]] std::string own_patient_id(const Visit& visit, const custody::Principal& who);

/// The record of who signed in, below the FHIR base, which they may read: a patient's own, a
/// practitioner's or a guardian's by their DID. Empty: there is none, or it is not sure which.
[[nodiscard]] std::string fhir_user_of(const Visit& visit, const custody::Principal& who);

/// A request to the organisation's FHIR server in somebody's name, as if they had sent it:
/// decided and journalled as any other.
[[nodiscard]] http::Response ask_fhir(const Visit& visit, const custody::Principal& who,
                                      const std::string& path,
                                      std::vector<std::pair<std::string, std::string>> query);

}  // namespace xl::gateway::smart
