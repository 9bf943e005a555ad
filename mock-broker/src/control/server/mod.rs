//! Control over HTTP: a server on loopback, or elsewhere with a token.

mod access;
mod answer;
mod body;
mod openapi;
mod parameters;
mod route;
mod serve;
mod stream;

pub use serve::{ControlServer, StartError};

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Local, Problem, ProblemCode};
use crate::scenario::nearest;
use access::Access;
use route::{ROUTES, Route};

/// How many requests may wait for what will be in the journal, streams of it among them: fewer than
/// there may be connections, so that there is always one for something else.
const WAITING: usize = 64;

/// The parts of the path, unless they are not text.
type Path = Result<RawPathParams, RawPathParamsRejection>;

/// What all requests share.
struct App {
    broker: Local,
    access: Access,
    /// Places for those who wait for what will be in the journal.
    waiting: Arc<Semaphore>,
    /// The description of this API, made once.
    openapi: Vec<u8>,
}

/// The routes of the table, each with its methods.
fn router(broker: Local, access: Access) -> Router {
    let openapi = serde_json::to_vec_pretty(&openapi::document()).unwrap_or_default();
    let app = Arc::new(App {
        broker,
        access,
        waiting: Arc::new(Semaphore::new(WAITING)),
        openapi,
    });
    let mut router = Router::new();
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let routes = ROUTES.iter().filter(move |route| route.path == path);
        let allowed = allowed(path);
        let mut methods = MethodRouter::new().fallback(async move || answer::not_allowed(&allowed));
        for route in routes {
            let filter = match route.method {
                "GET" => MethodFilter::GET,
                "POST" => MethodFilter::POST,
                "PUT" => MethodFilter::PUT,
                _ => MethodFilter::DELETE,
            };
            methods = methods.on(
                filter,
                async move |State(app): State<Arc<App>>, path: Path, request: Request| {
                    run(route, &app, path, request).await
                },
            );
        }
        router = router.route(path, methods);
    }
    router
        .fallback(async |request: Request| no_such_route(request.uri().path()))
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

impl App {
    /// A place among those who wait for what will be in the journal.
    fn wait(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.waiting.clone().try_acquire_owned().map_err(|_| {
            let title = format!(
                "{WAITING} requests wait for the journal already; read it without `wait_ms`"
            );
            Problem::new(ProblemCode::TooManyWait, title)
        })
    }
}

async fn run(route: &Route, app: &App, path: Path, request: Request) -> Response {
    let done = match path {
        Ok(path) => route::run(route, app, &path, request).await,
        Err(rejection) => Err(parameters::unreadable(&rejection)),
    };
    match done {
        Ok(response) => response,
        Err(problem) => answer::problem(&problem),
    }
}

/// What holds for all requests and answers: who may ask, and what a browser may do with an answer.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let open = ROUTES
        .iter()
        .any(|route| route.open && route.path == request.uri().path());
    let mut response = match app.access.check(request.headers(), open) {
        Ok(()) => next.run(request).await,
        Err(problem) => answer::problem(&problem),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            answer::CONTENT_SECURITY_POLICY,
        ),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The methods of a path, as the header `Allow` has them.
fn allowed(path: &str) -> String {
    let routes = ROUTES.iter().filter(|route| route.path == path);
    let mut methods: Vec<&str> = routes.map(|route| route.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.join(", ")
}

fn no_such_route(path: &str) -> Response {
    let shown: String = path.chars().take(200).collect();
    let meant = nearest(&shown, ROUTES.iter().map(|route| route.path));
    let title = format!("there is no route {shown}; GET /openapi.json lists them");
    answer::problem(&Problem::new(ProblemCode::NoSuchRoute, title).meant(meant))
}
