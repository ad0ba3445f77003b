//! What an app posts to be sent: the body that is judged is the body that leaves.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::outbound::BlockBody;
use whatsapp::outbound::MessagesBody;
use whatsapp::outbound::OutboundKind;
use whatsapp::outbound::SendBody;
use whatsapp::outbound::Upstream;
use whatsapp::outbound::check_link;
use whatsapp::outbound::parse_block_body;
use whatsapp::outbound::parse_call_body;
use whatsapp::outbound::parse_marketing_body;
use whatsapp::outbound::parse_messages_body;
use whatsapp::outbound::parse_template_creation;
use whatsapp::outbound::parse_template_edit;
use whatsapp::outbound::read_body;
use whatsapp::outbound::visible_text;

fuzz_target!(|body: &[u8]| {
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = check_link(text);
    }
    match parse_messages_body(body) {
        Ok(MessagesBody::Read { message_id, typing }) => {
            let again = parse_messages_body(&read_body(&message_id, typing));
            assert!(matches!(again, Ok(MessagesBody::Read { .. })));
        }
        Ok(MessagesBody::Send(send)) => same_upstream(&send),
        Err(error) => assert!(error.to_string().is_ascii()),
    }
    if let Ok(mut send) = parse_marketing_body(body) {
        send.withhold_activity();
        let sent = send.to_upstream(&Upstream::default());
        assert!(parse_marketing_body(&sent).is_ok());
    }
    around(body);
});

/// The other bodies of apps: what goes to Meta would be taken from an app again.
fn around(body: &[u8]) {
    if let Ok(block) = parse_block_body(body) {
        let people: Vec<_> = block.people.into_iter().map(|entry| entry.person).collect();
        let again = parse_block_body(&BlockBody::to_upstream(&people));
        let again = again.map(|again| again.people.len());
        assert_eq!(again.ok(), Some(people.len()));
    }
    if let Ok(call) = parse_call_body(body) {
        let kept = String::from_utf8(call.kept()).expect("what is kept is text");
        assert!(!kept.contains("\"session\"") && !kept.contains("\"sdp\""));
        assert!(parse_call_body(&call.to_upstream("+27825550123", Some("token"))).is_ok());
    }
    if let Ok(mut template) = parse_template_creation(body) {
        template.withhold_creative_features(true);
        let sent = template.to_upstream();
        assert!(parse_template_creation(&sent).is_ok());
    }
    if let Ok(template) = parse_template_edit(body) {
        assert!(parse_template_edit(&template.to_upstream()).is_ok());
    }
}

/// What goes to Meta reads as what was checked.
fn same_upstream(send: &SendBody) {
    let _ = visible_text(send);
    let reaction = matches!(send.kind, OutboundKind::Reaction);
    let upstream = send.to_upstream(&Upstream {
        context_id: send.context_message_id.as_deref(),
        reaction_id: reaction.then_some("wamid.x"),
        callback: Some("token"),
        ..Upstream::default()
    });
    assert!(upstream.is_ascii());
    let Ok(MessagesBody::Send(again)) = parse_messages_body(&upstream) else {
        panic!("what goes to Meta would not be taken from an app");
    };
    assert_eq!(again.recipient, send.recipient);
    assert_eq!(again.kind, send.kind);
    assert_eq!(again.template, send.template);
    assert_eq!(again.links, send.links);
    assert_eq!(again.media.len(), send.media.len());
    assert_eq!(visible_text(&again), visible_text(send));
}
