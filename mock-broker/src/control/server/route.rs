//! The table of routes, which the router and the description of the API are made from, and what
//! each of them does.

use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::http::{Response, StatusCode};

use super::serve::InUse;
use super::{App, answer, body, parameters, stream};
use crate::Target;
use crate::control::{Control, Problem};

/// One method of one path.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) operation: Operation,
    /// Whether it needs no token.
    pub(super) open: bool,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Health,
    ListRules,
    AddRule,
    RemoveRules,
    GetRule,
    RemoveRule,
    ListClients,
    SetListening,
    SendToClient,
    SendToConnection,
    ReadJournal,
    StreamJournal,
    CaptureJournal,
    Verify,
    Reset,
    Describe,
    Page,
    Script,
    Style,
    Icon,
}

const fn route(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route {
        method,
        path,
        operation,
        open: false,
    }
}

/// A part of the page, which anybody may see: it holds nothing until it is given the token.
const fn page(path: &'static str, operation: Operation) -> Route {
    Route {
        open: true,
        ..route("GET", path, operation)
    }
}

/// All routes; those of a path stand together.
pub(super) const ROUTES: &[Route] = &[
    route("GET", "/health", Operation::Health),
    route("GET", "/rules", Operation::ListRules),
    route("POST", "/rules", Operation::AddRule),
    route("DELETE", "/rules", Operation::RemoveRules),
    route("GET", "/rules/{id}", Operation::GetRule),
    route("DELETE", "/rules/{id}", Operation::RemoveRule),
    route("PUT", "/listening", Operation::SetListening),
    route("GET", "/clients", Operation::ListClients),
    route("POST", "/clients/{client_id}/send", Operation::SendToClient),
    route(
        "POST",
        "/connections/{connection}/send",
        Operation::SendToConnection,
    ),
    route("GET", "/journal", Operation::ReadJournal),
    route("GET", "/journal/stream", Operation::StreamJournal),
    route("GET", "/journal.pcapng", Operation::CaptureJournal),
    route("POST", "/verify", Operation::Verify),
    route("POST", "/reset", Operation::Reset),
    route("GET", "/openapi.json", Operation::Describe),
    page("/", Operation::Page),
    page("/page.js", Operation::Script),
    page("/page.css", Operation::Style),
    page("/icon.svg", Operation::Icon),
];

pub(super) async fn run(
    route: &Route,
    app: &App,
    path: &RawPathParams,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let takes_query = matches!(
        route.operation,
        Operation::ReadJournal | Operation::StreamJournal
    );
    if !takes_query {
        parameters::none(request.uri())?;
    }
    let broker = &app.broker;
    let ok = StatusCode::OK;
    Ok(match route.operation {
        Operation::Health => answer::json(ok, &broker.health().await?),
        Operation::ListRules => answer::json(ok, &broker.rules().await?),
        Operation::AddRule => {
            let step = body::read_json(request).await?;
            answer::json(StatusCode::CREATED, &broker.add_rule(step).await?)
        }
        Operation::RemoveRules => {
            broker.remove_rules().await?;
            answer::done()
        }
        Operation::GetRule => {
            let id = parameters::number(path, "id")?;
            answer::json(ok, &broker.rule(id).await?)
        }
        Operation::RemoveRule => {
            broker.remove_rule(parameters::number(path, "id")?).await?;
            answer::done()
        }
        Operation::SetListening => {
            broker
                .set_listening(body::read_json(request).await?)
                .await?;
            answer::done()
        }
        Operation::ListClients => answer::json(ok, &broker.clients().await?),
        Operation::SendToClient => {
            let client_id = parameters::segment(path, "client_id").to_owned();
            let what = body::read_json(request).await?;
            broker.send(Target::Client(client_id), what).await?;
            answer::done()
        }
        Operation::SendToConnection => {
            let number = parameters::number(path, "connection")?;
            let what = body::read_json(request).await?;
            broker.send(Target::Connection(number), what).await?;
            answer::done()
        }
        Operation::ReadJournal => {
            let query = parameters::journal(request.uri())?;
            let place = (query.wait_ms > 0).then(|| app.wait()).transpose()?;
            let page = broker.journal(query).await?;
            drop(place);
            answer::json(ok, &page)
        }
        Operation::StreamJournal => {
            let query = parameters::stream(request.uri(), request.headers())?;
            let request = request.extensions().get::<InUse>().cloned();
            stream::of(broker.clone(), query, (app.wait()?, request))
        }
        Operation::CaptureJournal => {
            let capture = broker.capture().await?;
            answer::file(ok, "application/x-pcapng", capture)
        }
        Operation::Verify => answer::json(ok, &broker.verify().await?),
        Operation::Reset => {
            broker.reset().await?;
            answer::done()
        }
        Operation::Describe => answer::file(ok, answer::JSON, app.openapi.clone()),
        Operation::Page => answer::file(
            ok,
            "text/html; charset=utf-8",
            include_str!("../page/index.html"),
        ),
        Operation::Script => answer::file(
            ok,
            "text/javascript; charset=utf-8",
            include_str!("../page/page.js"),
        ),
        Operation::Style => answer::file(
            ok,
            "text/css; charset=utf-8",
            include_str!("../page/page.css"),
        ),
        Operation::Icon => answer::file(ok, "image/svg+xml", include_str!("../page/icon.svg")),
    })
}
