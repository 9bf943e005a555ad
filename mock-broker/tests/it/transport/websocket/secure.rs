//! WebSocket over TLS.

use nack_mock_broker::{
    CertificateFault, Listener, MockBroker, Tls, TransportKind, WebSocket, WebSocketFault,
};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;

use super::{CONNACK, CONNECT, PINGREQ, PINGRESP, expects, request, send};
use crate::transport::tls;

#[tokio::test]
async fn mqtt_is_spoken_over_websocket_over_tls() {
    let (broker, settings) = secure(Tls::new(), WebSocket::new()).await;
    assert!(broker.urls()[0].starts_with("wss://127.0.0.1:"));
    let mut config = tls::client(&settings);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = tls::connect(&broker, config).await.unwrap();
    let (mut stream, _) = client_async(request(&broker), stream).await.unwrap();
    send(&mut stream, CONNECT).await;
    expects(&mut stream, CONNACK).await;
    send(&mut stream, PINGREQ).await;
    expects(&mut stream, PINGRESP).await;
    stream.close(None).await.unwrap();
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.transport(), TransportKind::SecureWebSocket);
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over websocket over tls
    → #1 ClientHello name="localhost" alpn="http/1.1"
    ← #1 TLS 1.3 alpn="http/1.1"
    → #1 GET /mqtt subprotocol="mqtt"
    ← #1 101 Switching Protocols subprotocol="mqtt"
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 PINGREQ
    ← #1 PINGRESP
    → #1 close frame
    → #1 closed
    "#);
}

#[tokio::test]
async fn each_layer_has_its_own_fault() {
    let expired = Tls::new().fault(CertificateFault::Expired).fault_times(1);
    let busy = WebSocket::new().fault(WebSocketFault::Status(503));
    let (broker, settings) = secure(expired, busy.fault_times(1)).await;
    let config = || {
        let mut config = tls::client(&settings);
        config.alpn_protocols.clear();
        config
    };
    tls::connect(&broker, config()).await.unwrap_err();
    let stream = tls::connect(&broker, config()).await.unwrap();
    let refused = client_async(request(&broker), stream).await;
    let Err(Error::Http(response)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(response.status(), 503);
    let stream = tls::connect(&broker, config()).await.unwrap();
    client_async(request(&broker), stream).await.unwrap();
}

async fn secure(tls: Tls, websocket: WebSocket) -> (MockBroker, Tls) {
    let listener = Listener::local().tls(tls.clone()).websocket(websocket);
    let broker = MockBroker::builder().listen(listener);
    (broker.start().await.unwrap(), tls)
}
