//! What `imvume check` finds of the mail server and the SMS provider.

use std::net::SocketAddr;

use testkit::smtp::ACCOUNT;
use testkit::smtp::Door;
use testkit::smtp::Odd;
use testkit::smtp::PASSWORD;
use testkit::smtp::SmtpServer;
use testkit::smtp::Step;

use crate::instance::Instance;

fn mail(instance: &Instance, security: &str, address: SocketAddr, more: &str) {
    let port = address.port();
    instance.configure(|text| {
        format!(
            "{text}\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"{security}\"\n\
             from = \"Kaapse Koffie <notices@kaapsekoffie.example>\"\n{more}\n"
        )
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_server_is_asked() {
    let instance = Instance::new().await;
    let server = SmtpServer::start(Door::StartTls, &["127.0.0.1"]).await;
    mail(&instance, "plain", server.address, "");
    let check = instance.run(&["check"]).await;
    check.found(0, "mail                 the server answers as configured");

    // Nobody it trusts vouches for the server, then somebody does.
    mail(&instance, "starttls", server.address, "");
    let check = instance.run(&["check"]).await;
    check.found(1, "TLS failed or is not offered; look at `mail.security`");
    instance.write("authority", &server.root_pem());
    instance.write("password", PASSWORD);
    let login = format!(
        "authorities_file = \"authority\"\nuser = \"{ACCOUNT}\"\npassword_file = \"password\""
    );
    mail(&instance, "starttls", server.address, &login);
    let check = instance.run(&["check"]).await;
    check.found(0, "the server answers as configured");
    assert!(!check.out.contains(PASSWORD), "{}", check.out);

    instance.write("password", "another");
    let check = instance.run(&["check"]).await;
    check.found(1, "code 535 about the login, for good; look at the account");
    server.misbehave(Step::Connect, Odd::Cut);
    let check = instance.run(&["check"]).await;
    check.found(1, "no connection, or it was cut");
    assert!(server.received().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sms_provider_is_asked_where_it_can_be() {
    let instance = Instance::new().await;
    instance.write("sms-token", "a-token");
    let sms = |provider: &str| {
        let meta = instance.meta.base_url();
        let lines = format!(
            "[sms]\nprovider = \"{provider}\"\nurl = \"{meta}/\"\naccount = \"AC01\"\n\
             token_file = \"sms-token\"\nfrom = \"+27000000000\"\n"
        );
        instance.configure(|text| format!("{text}\n{lines}"));
    };
    sms("generic");
    let check = instance.run(&["check"]).await;
    check.found(0, "cannot be asked without sending something");
    // An emulated Meta is no SMS provider.
    sms("twilio");
    let check = instance.run(&["check"]).await;
    check.found(1, "problem  sms");
}
