//! Keeps user properties as a map would: one value a name, in no order of the broker's.

use std::collections::BTreeMap;

use super::{Sabotage, Told};
use crate::subject::{Connected, Failure, Properties, Published, Subscribed};

pub(super) struct DropsUserProperties;

impl Sabotage for DropsUserProperties {
    fn failed(&self, mut failure: Failure) -> Option<Told> {
        as_a_map(&mut failure.props);
        Some(Told::Failure(failure))
    }

    fn connected(&self, mut connected: Connected) -> Result<Connected, Failure> {
        as_a_map(&mut connected.props);
        Ok(connected)
    }

    fn published(&self, mut published: Published) -> Result<Published, Failure> {
        as_a_map(&mut published.props);
        Ok(published)
    }

    fn subscribed(&self, mut subscribed: Subscribed) -> Result<Subscribed, Failure> {
        as_a_map(&mut subscribed.props);
        Ok(subscribed)
    }
}

fn as_a_map(props: &mut Properties) {
    let map: BTreeMap<String, String> = props.user_property.drain(..).collect();
    props.user_property = map.into_iter().collect();
}
