//! What these tests need, a Docker engine and an image of Mosquitto: whether they are there, and
//! what happens if not.

use std::env;
use std::error::Error;

use testcontainers::bollard::Docker;
use testcontainers::core::client::docker_client_instance;
use testcontainers::runners::AsyncRunner;
use testcontainers::{GenericImage, TestcontainersError, bollard};
use tokio::sync::OnceCell;

use crate::skip::{say, skip};

/// Names the image that is used, and no other.
const CHOICE: &str = "NACK_MOSQUITTO_IMAGE";

/// Makes a failure of what else is a skip.
const REQUIRED: &str = "NACK_REQUIRE_DOCKER";

/// The broker's own image.
const OFFICIAL: &str = "eclipse-mosquitto:2";

/// What `cargo xtask images` makes.
const LOCAL: &str = "nack/mosquitto:local";

/// What is missing.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("no Docker engine answers")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
    #[error("there is no image {name}; pull it, or have `cargo xtask images` make {LOCAL}")]
    Image {
        name: String,
        #[source]
        source: TestcontainersError,
    },
}

/// The image, or `None` where the test is to be skipped, which was said then.
///
/// # Panics
///
/// Where something is missing and must not be.
pub(super) async fn image() -> Option<GenericImage> {
    static FOUND: OnceCell<Result<String, Missing>> = OnceCell::const_new();
    match FOUND.get_or_init(find).await {
        Ok(name) => Some(generic(name)),
        Err(missing) => {
            let missing = with_causes(missing);
            skip(REQUIRED, missing);
            None
        }
    }
}

/// No registry is asked while there is an image here that will do.
async fn find() -> Result<String, Missing> {
    let docker = docker_client_instance()
        .await
        .map_err(|error| Missing::Engine(error.into()))?;
    docker
        .ping()
        .await
        .map_err(|error| Missing::Engine(error.into()))?;
    match env::var(CHOICE) {
        Ok(name) if is_here(&docker, &name).await => Ok(name),
        Ok(name) => pulled(name).await,
        Err(_) if is_here(&docker, OFFICIAL).await => Ok(OFFICIAL.to_owned()),
        Err(_) if is_here(&docker, LOCAL).await => Ok(LOCAL.to_owned()),
        Err(_) => pulled(OFFICIAL.to_owned()).await,
    }
}

async fn is_here(docker: &Docker, image: &str) -> bool {
    let found: Result<_, bollard::errors::Error> = docker.inspect_image(image).await;
    found.is_ok()
}

async fn pulled(name: String) -> Result<String, Missing> {
    say(format_args!("pulling {name} …"));
    match generic(&name).pull_image().await {
        Ok(_) => Ok(name),
        Err(source) => Err(Missing::Image { name, source }),
    }
}

fn generic(name: &str) -> GenericImage {
    let (name, tag) = split(name);
    GenericImage::new(name, tag)
}

/// Name and tag: a colon before a slash is that of a registry's port.
fn split(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

#[test]
fn tag_of_an_image_is_told_from_a_port() {
    assert_eq!(split("eclipse-mosquitto:2"), ("eclipse-mosquitto", "2"));
    assert_eq!(split("eclipse-mosquitto"), ("eclipse-mosquitto", "latest"));
    assert_eq!(split("localhost:5000/m"), ("localhost:5000/m", "latest"));
    assert_eq!(split("localhost:5000/m:2"), ("localhost:5000/m", "2"));
}
