//! One Mosquitto in a container of its own, and what can be done to it.

use futures_util::StreamExt;
use nack_client::{Client, Options, Version};
use testcontainers::bollard::models::NetworkDisconnectRequest;
use testcontainers::bollard::query_parameters::KillContainerOptionsBuilder;
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{ContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};

use super::needs;
use crate::happy_paths::PATIENCE;

/// Where the broker listens inside.
const PORT: ContainerPort = ContainerPort::Tcp(1883);

/// The last line of a broker that has opened its listeners.
const IS_UP: &str = " running";

/// Everybody may connect and do everything.
pub(super) const OPEN: &str = "allow_anonymous true\n";

/// The network that containers are in if nothing else is asked for.
const NETWORK: &str = "bridge";

/// A broker that runs. Dropping it removes its container, also when a test fails.
pub(super) struct Mosquitto {
    container: ContainerAsync<GenericImage>,
    address: String,
}

impl Mosquitto {
    /// Starts it with these lines of mosquitto.conf, and these files beside that; `None` where
    /// Docker or the image is missing.
    pub(super) async fn start(configuration: &str, files: &[(&str, &str)]) -> Option<Self> {
        let image = needs::image().await?;
        let configuration = format!("listener 1883\nlog_dest stderr\n{configuration}");
        let mut request = image
            .with_exposed_port(PORT)
            .with_wait_for(WaitFor::message_on_stderr(IS_UP))
            .with_copy_to(path("mosquitto.conf"), configuration.into_bytes());
        for (name, text) in files {
            request = request.with_copy_to(path(name), text.as_bytes().to_vec());
        }
        let container = request.start().await.unwrap();
        let address = address(&container).await;
        Some(Self { container, address })
    }

    /// `host:port`, as seen from the test. The port is the system's choice.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn options(&self, version: Version, client_id: &str) -> Options {
        Options::new(self.address())
            .version(version)
            .client_id(client_id)
    }

    /// A client that is connected.
    pub(super) async fn client(&self, version: Version, client_id: &str) -> Client {
        let client = Client::new(self.options(version, client_id));
        client.connect().await.unwrap();
        client
    }

    /// Sends a signal to the broker's process.
    pub(super) async fn signal(&self, name: &str) {
        let options = KillContainerOptionsBuilder::new().signal(name).build();
        let docker = docker_client_instance().await.unwrap();
        let id = self.container.id();
        docker.kill_container(id, Some(options)).await.unwrap();
    }

    /// Stops all of the container's time; its connections stay open.
    pub(super) async fn pause(&self) {
        self.container.pause().await.unwrap();
    }

    /// Has the container's time go on.
    pub(super) async fn resume(&self) {
        self.container.unpause().await.unwrap();
    }

    /// Takes the container off its network; the broker goes on.
    pub(super) async fn cut_network(&self) {
        let request = NetworkDisconnectRequest {
            container: self.container.id().to_owned(),
            force: Some(true),
        };
        let docker = docker_client_instance().await.unwrap();
        docker.disconnect_network(NETWORK, request).await.unwrap();
    }

    /// Starts the broker again, after it was killed. It may have another port then.
    pub(super) async fn start_again(&mut self) {
        // Docker takes a moment to notice; until then there is nothing to be started.
        let docker = docker_client_instance().await.unwrap();
        let mut end = docker.wait_container(self.container.id(), None);
        // The exit code is an error here, and of no interest.
        let _ = end.next().await;
        self.container.start().await.unwrap();
        self.address = address(&self.container).await;
        // Docker takes connections before the broker does.
        let probe = Client::new(self.options(Version::V5, "probe"));
        let answer = async { while probe.connect().await.is_err() {} };
        tokio::time::timeout(PATIENCE, answer).await.unwrap();
        probe.disconnect().await.unwrap();
    }
}

async fn address(container: &ContainerAsync<GenericImage>) -> String {
    let host = container.get_host().await.unwrap().to_string();
    let port = container.get_host_port_ipv4(PORT).await.unwrap();
    // The name may mean IPv6 first, where the same port may be somebody else's.
    let host = host.replace("localhost", "127.0.0.1");
    format!("{host}:{port}")
}

fn path(name: &str) -> String {
    format!("/mosquitto/config/{name}")
}
