//! Which changes of a plan the grant allows.

use std::collections::HashSet;

use hyhost_config::Target;
use hyhost_table::{Change, Plan, Remark, Touch, Verb};

use crate::batch::Queue;

/// A change of a plan that the grant does not allow.
pub(crate) struct Refusal {
    pub(crate) id: String,
    pub(crate) connection: String,
    pub(crate) touches: Vec<Touch>,
    pub(crate) text: String,
}

/// What a plan would touch outside the grant is refused in the plan already,
/// not only when it is to be made.
pub(crate) fn within_grant(target: &Target, plan: &mut Plan) -> Vec<Refusal> {
    let refusal = |change: &Change| {
        let outside = change.touches.iter().find(|touch| !is_granted(target, touch))?;
        let slot = target.slots.iter().find(|slot| slot.capability == outside.capability);
        let connection = slot.map_or("", |slot| &slot.connection);
        let text = format!(
            "it would {outside}, which is outside the grant of target `{}`; to allow it: {}",
            target.name,
            hyhost_gate::lines_to_allow(connection, outside, outside.verb)
        );
        let (id, touches) = (change.id.clone(), vec![outside.clone()]);
        Some(Refusal { id, connection: connection.to_owned(), touches, text })
    };
    let refused: Vec<Refusal> = plan.changes.iter().filter_map(refusal).collect();
    let mut queue = Queue::new(std::mem::take(&mut plan.changes));
    for Refusal { id, text, .. } in &refused {
        plan.refused.push(Remark { id: id.clone(), text: text.clone() });
        let needs = |(id, cause)| Remark { id, text: format!("it needs {cause}, which is refused") };
        plan.refused.extend(queue.failed(id).into_iter().map(needs));
    }
    let ids: HashSet<&str> = refused.iter().map(|refusal| refusal.id.as_str()).collect();
    plan.changes = queue.into_left();
    plan.changes.retain(|change| !ids.contains(change.id.as_str()));
    refused
}

fn is_granted(target: &Target, touch: &Touch) -> bool {
    let slots = target.slots.iter().filter(|slot| slot.capability == touch.capability);
    touch.verb == Verb::Read || slots.into_iter().any(|slot| target.grant.allows(&slot.connection, touch, touch.verb))
}
