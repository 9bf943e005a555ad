//! Certificates of servers and clients, right and wrong.

use nack_mock_broker::{
    CertificateFault, ClientCertificate, Identity, Listener, MockBroker, Tls, TlsFault, TlsVersion,
};
use tokio::io::AsyncReadExt;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

use super::{client, client_with, connect, connect_as, connected, faulty, notes, reason, start};

const FAULTS: [CertificateFault; 7] = [
    CertificateFault::Expired,
    CertificateFault::NotYetValid,
    CertificateFault::WrongName,
    CertificateFault::UnknownAuthority,
    CertificateFault::SelfSigned,
    CertificateFault::MissingIntermediate,
    CertificateFault::WrongPurpose,
];

#[tokio::test]
async fn the_server_is_who_it_is_by_all_of_its_names() {
    let tls = Tls::new().name("broker.example").name("192.0.2.1");
    let broker = start(&tls).await;
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "broker.example",
        "192.0.2.1",
    ] {
        connect_as(&broker, client(&tls), name).await.unwrap();
    }
    let error = connect_as(&broker, client(&tls), "other.example").await;
    let error = error.unwrap_err();
    let reason = reason(&error);
    assert!(
        matches!(
            reason,
            Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
        ),
        "{reason:?}"
    );
}

#[tokio::test]
async fn each_wrong_certificate_is_refused_by_the_client_for_its_own_reason() {
    for fault in FAULTS {
        let (broker, tls) = faulty(fault).await;
        let error = connect(&broker, client(&tls)).await.unwrap_err();
        let Error::InvalidCertificate(reason) = reason(&error) else {
            panic!("{error:?}");
        };
        let as_expected = match fault {
            CertificateFault::Expired => matches!(reason, CertificateError::ExpiredContext { .. }),
            CertificateFault::NotYetValid => {
                matches!(reason, CertificateError::NotValidYetContext { .. })
            }
            CertificateFault::WrongName => {
                matches!(reason, CertificateError::NotValidForNameContext { .. })
            }
            CertificateFault::UnknownAuthority => *reason == CertificateError::BadSignature,
            CertificateFault::SelfSigned | CertificateFault::MissingIntermediate => {
                *reason == CertificateError::UnknownIssuer
            }
            CertificateFault::WrongPurpose => {
                matches!(reason, CertificateError::InvalidPurposeContext { .. })
            }
            _ => false,
        };
        assert!(as_expected, "{fault}: {reason:?}");
        broker.wait_for_close(1).await;
        let notes = notes(&broker);
        assert_eq!(notes[1], format!("fault: {fault}"));
        assert!(
            notes[2].starts_with("the client sent the TLS alert"),
            "{notes:?}"
        );
    }
}

#[tokio::test]
async fn a_fault_is_met_as_often_as_was_said() {
    let tls = Tls::new().fault(CertificateFault::Expired).fault_times(2);
    let broker = start(&tls).await;
    connect(&broker, client(&tls)).await.unwrap_err();
    connect(&broker, client(&tls)).await.unwrap_err();
    connected(&broker, client(&tls)).await;
    connected(&broker, client(&tls)).await;
}

#[tokio::test]
async fn a_certificate_expires_while_the_broker_runs() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    connected(&broker, client(&tls)).await;
    let expired = TlsFault::from(CertificateFault::Expired);
    broker.set_tls_fault(0, expired).unwrap();
    connect(&broker, client(&tls)).await.unwrap_err();
    connect(&broker, client(&tls)).await.unwrap_err();
    broker.set_tls_fault(0, None).unwrap();
    connected(&broker, client(&tls)).await;

    let error = broker.set_tls_fault(1, expired).unwrap_err();
    let no_listener = "there is no listener 1: the broker has 1, counted from 0";
    assert_eq!(error.to_string(), no_listener);
    let plain = MockBroker::start().await.unwrap();
    let error = plain.set_tls_fault(0, expired).unwrap_err();
    assert_eq!(error.to_string(), "listener 0 does not speak TLS");
}

#[tokio::test]
async fn a_client_with_a_certificate_is_let_in() {
    for asked in [ClientCertificate::Optional, ClientCertificate::Required] {
        let tls = Tls::new().client_certificate(asked);
        let broker = start(&tls).await;
        let identity = tls.client_identity("c1");
        connected(&broker, client_with(&tls, &identity)).await;
        let established = "TLS 1.3 alpn=\"mqtt\" client_certificate";
        assert_eq!(notes(&broker)[1], established);
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_let_in_where_it_is_optional() {
    let tls = Tls::new().client_certificate(ClientCertificate::Optional);
    let broker = start(&tls).await;
    connected(&broker, client(&tls)).await;
    assert_eq!(notes(&broker)[1], "TLS 1.3 alpn=\"mqtt\"");
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_where_it_is_required() {
    let tls = Tls::new().client_certificate(ClientCertificate::Required);
    let broker = start(&tls).await;
    // In TLS 1.3 the client is done before the server has looked at its certificate.
    let mut stream = connect(&broker, client(&tls)).await.unwrap();
    let error = stream.read_u8().await.unwrap_err();
    let alert = Error::AlertReceived(AlertDescription::CertificateRequired);
    assert_eq!(*reason(&error), alert);
    drop(stream);
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over tls
    → #1 ClientHello name="localhost" alpn="mqtt"
    ← #1 TLS failed: peer sent no certificates
    ← #1 closed
    "#);

    let tls = tls.only(TlsVersion::Tls12);
    let broker = start(&tls).await;
    let error = connect(&broker, client(&tls)).await.unwrap_err();
    assert_eq!(*reason(&error), alert);
}

#[tokio::test]
async fn each_wrong_certificate_of_a_client_is_refused_with_its_own_alert() {
    let tls = Tls::new().client_certificate(ClientCertificate::Optional);
    let broker = start(&tls).await;
    for fault in FAULTS {
        let identity = tls.faulty_client_identity("c1", fault);
        let client = client_with(&tls, &identity);
        let alert = match fault {
            CertificateFault::WrongName => {
                // Nobody looks at the name of a client.
                connected(&broker, client).await;
                continue;
            }
            CertificateFault::Expired | CertificateFault::NotYetValid => {
                AlertDescription::CertificateExpired
            }
            CertificateFault::UnknownAuthority => AlertDescription::DecryptError,
            CertificateFault::WrongPurpose => AlertDescription::UnsupportedCertificate,
            _ => AlertDescription::UnknownCA,
        };
        let mut stream = connect(&broker, client).await.unwrap();
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(*reason(&error), Error::AlertReceived(alert), "{fault}");
    }
}

#[tokio::test]
async fn a_certificate_from_elsewhere_is_shown() {
    let elsewhere = Tls::new();
    let identity = elsewhere.client_identity("for clients alone");
    let tls = Tls::new().certificate(identity);
    let broker = start(&tls).await;
    let error = connect(&broker, client(&elsewhere)).await.unwrap_err();
    // It is the one: nobody else has one that says it is not for servers.
    let reason = format!("{:?}", reason(&error));
    assert!(
        reason.contains("Name") || reason.contains("Purpose"),
        "{reason}"
    );
}

#[tokio::test]
async fn what_is_no_certificate_or_no_name_is_an_error_at_once() {
    let broken = Identity::from_pem("no certificate", "no key");
    for tls in [
        Tls::new().certificate(broken),
        Tls::new().name("ein Schloß"),
    ] {
        let listener = Listener::local().tls(tls);
        let broker = MockBroker::builder().listen(listener).start().await;
        let error = broker.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
}

#[test]
fn keys_are_not_shown_by_chance() {
    let tls = Tls::new();
    let identity = tls.client_identity("c1");
    assert!(identity.key_pem().contains("PRIVATE KEY"));
    let shown = format!("{tls:?} {identity:?}");
    assert!(!shown.contains("PRIVATE"), "{shown}");
}
