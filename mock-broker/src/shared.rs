//! What the broker, its connections and the guards of its rules share.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use nack_codec::Version;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::action::{Action, Listen};
use crate::base::{Behaviour, behaviour};
use crate::connection::{Bell, Command, Connection, Script};
use crate::journal::{Record, Source};
use crate::later::later;
use crate::rule::RuleSet;
use crate::transport::{Change, Doors, Layers, Notes, Raw, Transport};
use crate::{
    Base, Builder, Direction, Entry, EntryKind, NotConnected, Received, SendError, Target,
    TooMuchWaits, TransportKind,
};

/// One a broker, behind an `Arc`.
pub(crate) struct Shared {
    pub(crate) rules: RuleSet,
    pub(crate) maximum_packet_size: u32,
    pub(crate) connect_limit: Duration,
    pub(crate) patience: Duration,
    pub(crate) base: Base,
    pub(crate) doors: Doors,
    /// What a new base behaviour is made from.
    #[cfg(feature = "control")]
    builder: Builder,
    /// No closure of the user's runs, and nothing is awaited, while it is locked.
    state: Mutex<State>,
    /// Changes with each change of `state` that somebody may wait for.
    changed: watch::Sender<()>,
}

pub(crate) struct State {
    pub(crate) record: Record,
    pub(crate) behaviour: Box<dyn Behaviour>,
    pub(crate) links: HashMap<u32, Link>,
    connections: u32,
    has_ended: bool,
    /// Does what the base behaviour has to do at its time.
    clock: Option<AbortHandle>,
    /// How many connections there were of each client identifier.
    by_client: HashMap<Arc<str>, u32>,
}

/// The state while something is done with it: locked when it is first needed, and not while rules
/// are asked.
pub(crate) struct Access<'s> {
    shared: &'s Shared,
    guard: Option<MutexGuard<'s, State>>,
}

impl Access<'_> {
    pub(crate) fn state(&mut self) -> &mut State {
        self.guard.get_or_insert_with(|| self.shared.state())
    }

    /// Lets others have it, until it is needed again.
    pub(crate) fn unlock(&mut self) {
        self.guard = None;
    }
}

/// How an open connection is reached from outside of its task.
pub(crate) struct Link {
    pub(crate) client_id: Option<Arc<str>>,
    /// What it speaks, once its CONNECT has come.
    pub(crate) version: Option<Version>,
    #[cfg_attr(
        not(feature = "control"),
        expect(dead_code, reason = "only the control API tells it")
    )]
    pub(crate) transport: TransportKind,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) bell: Arc<Bell>,
    /// Whether a rule has it say nothing any more.
    pub(crate) is_mute: bool,
    task: Option<JoinHandle<()>>,
}

/// How long the clients of a broker that is stopped may take to read that, and to close, once the
/// last of them is told: what the broker itself takes to tell thousands is not at their expense.
const PARTING: Duration = Duration::from_millis(500);

/// How long all of it may take.
const LONGEST_PARTING: Duration = Duration::from_secs(5);

/// Of how many client identifiers connections are counted: those of more count as first ones.
const CLIENTS_COUNTED: usize = 100_000;

/// How many commands to one connection may wait; who sends more waits too.
const COMMANDS: usize = 16;

impl Shared {
    pub(crate) fn new(builder: &Builder) -> Self {
        Self {
            rules: RuleSet::default(),
            maximum_packet_size: builder.maximum_packet_size,
            connect_limit: builder.connect_limit,
            patience: builder.patience,
            base: builder.base,
            doors: Doors::new(builder.refuse_for.is_none()),
            #[cfg(feature = "control")]
            builder: builder.clone(),
            state: Mutex::new(State {
                record: Record::new(builder.journal_entries, builder.journal_bytes),
                behaviour: behaviour(builder),
                links: HashMap::new(),
                connections: 0,
                has_ended: false,
                clock: None,
                by_client: HashMap::new(),
            }),
            changed: watch::Sender::new(()),
        }
    }

    /// The state; what it holds is right even if a task panicked, which is a bug of ours.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with each change of the state that somebody may wait for.
    #[cfg(feature = "control")]
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(crate) const fn access(&self) -> Access<'_> {
        Access {
            shared: self,
            guard: None,
        }
    }

    /// Wakes those who wait for a change. Not to be called while the state is locked, or they
    /// would run into the lock.
    pub(crate) fn announce(&self) {
        // Who begins to wait looks at the state first, and would see what was changed before this.
        if self.changed.receiver_count() > 0 {
            self.changed.send_replace(());
        }
    }

    /// Takes over a new connection.
    pub(crate) fn serve(self: &Arc<Self>, raw: Raw, layers: Arc<Layers>) {
        let runtime = Handle::current();
        let (commands, mailbox) = mpsc::channel(COMMANDS);
        let bell = Arc::new(Bell::default());
        let link = Link {
            client_id: None,
            version: None,
            transport: layers.kind(),
            commands,
            bell: bell.clone(),
            is_mute: false,
            task: None,
        };
        self.keep_time(&runtime);
        let source = self.number(&layers);
        let number = source.connection;
        let winner = self.rules.judge(&Received::opened(&source));
        let opening = winner.map(|(rule, actions)| Script::of_opening(rule.title(), actions));
        let rule = opening.as_ref().and_then(|script| script.rule.clone());
        self.open(link, &source, rule);
        self.announce();
        let notes = Notes::new(self.clone(), source.clone());
        let transport = Transport::new(raw, layers, notes);
        // A runtime that shuts down drops the task here, and with it the connection, which locks
        // the state.
        let connection = Connection::new(source, transport, mailbox, bell, self.clone(), opening);
        let task = runtime.spawn(connection.run());
        match self.state().links.get_mut(&number) {
            Some(link) => link.task = Some(task),
            // It ended meanwhile, or the broker did.
            None => task.abort(),
        }
    }

    /// Has the broker listen from now on, or no longer, and writes down what changed.
    ///
    /// # Errors
    ///
    /// Where the system does not do so.
    pub(crate) fn change_listening(
        self: &Arc<Self>,
        change: Listen,
        record: &mut Record,
        rule: Option<Arc<str>>,
    ) -> io::Result<()> {
        let note = match change {
            Listen::Stop => "no longer listens".into(),
            Listen::StopFor(duration) => format!("does not listen for {duration:?}").into(),
            Listen::Resume => "listens again".into(),
        };
        let changed = self.doors.set(change == Listen::Resume)?;
        if let Listen::StopFor(duration) = change {
            self.listen_later(duration, changed, rule.clone());
        }
        record.note_of_broker(note, rule);
        Ok(())
    }

    /// The same because somebody outside said so.
    pub(crate) fn set_listening(self: &Arc<Self>, change: Listen) -> io::Result<()> {
        let changed = self.change_listening(change, &mut self.state().record, None);
        self.announce();
        changed
    }

    /// Begins as the builder says.
    pub(crate) fn begin(self: &Arc<Self>, refuse_for: Option<Duration>) {
        if let Some(duration) = refuse_for {
            // There is no door yet that could fail.
            let _ = self.set_listening(Listen::StopFor(duration));
        }
    }

    /// Has the broker listen when this time is over, if nobody says otherwise before.
    pub(crate) fn listen_later(
        self: &Arc<Self>,
        wait: Duration,
        change: Change,
        rule: Option<Arc<str>>,
    ) {
        let due = later(Instant::now(), wait);
        let shared = Arc::downgrade(self);
        let timer = tokio::spawn(async move {
            sleep_until(due).await;
            let Some(shared) = shared.upgrade() else {
                return;
            };
            let note = match shared.doors.open_after(change) {
                None => return,
                Some(Ok(())) => "listens again".into(),
                Some(Err(error)) => format!("cannot listen again: {error}").into(),
            };
            shared.state().record.note_of_broker(note, rule);
            shared.announce();
        });
        self.doors.set_timer(timer.abort_handle());
    }

    /// Has a task do what is due, as long as there is a broker; a runtime that is gone has taken the
    /// last one with it.
    fn keep_time(self: &Arc<Self>, runtime: &Handle) {
        let mut state = self.state();
        if state.clock.as_ref().is_none_or(AbortHandle::is_finished) {
            let alarm = state.behaviour.alarm();
            let task = runtime.spawn(keep_time(Arc::downgrade(self), alarm));
            state.clock = Some(task.abort_handle());
        }
    }

    fn number(&self, layers: &Layers) -> Source {
        let mut state = self.state();
        state.connections += 1;
        Source::stranger(state.connections, layers.kind())
    }

    /// Has a connection be there; where the broker has ended meanwhile, nobody can reach it.
    fn open(&self, link: Link, source: &Source, rule: Option<Arc<str>>) {
        let mut state = self.state();
        if !state.has_ended {
            state.links.insert(source.connection, link);
        }
        let (by, opened) = (Direction::FromClient, EntryKind::Opened);
        let nothing = Bytes::new();
        state.record.add(source, by, opened, nothing, None, rule);
    }

    /// Parts from the clients that are let in, and waits until they are gone, though not for long.
    pub(crate) async fn shut_down(&self) -> io::Result<()> {
        // Who is sent away may be back at once.
        let closed = self.doors.set(false);
        let parting: Vec<JoinHandle<()>> = {
            let state = &mut *self.state();
            let links = state.links.iter_mut().filter(|(_, link)| !link.is_mute);
            let parting = links.filter(|(number, _)| state.behaviour.part_from(**number));
            let parting = parting.filter_map(|(_, link)| link.task.take()).collect();
            state.ring();
            parting
        };
        self.announce();
        let gone = async {
            for task in parting {
                // It may have panicked, which is told elsewhere.
                let _ = task.await;
            }
        };
        tokio::select! {
            () = gone => {}
            () = self.had_time_to_part() => {}
        }
        closed.map(drop)
    }

    /// Waits until nobody was parted from for a while.
    async fn had_time_to_part(&self) {
        let mut changes = self.changed.subscribe();
        let end = Instant::now() + LONGEST_PARTING;
        let mut due = end;
        let mut left = usize::MAX;
        loop {
            let now = Instant::now();
            // Who is parted from has no link any more, whether it has read that or not.
            let open = self.state().links.len();
            if open < left {
                left = open;
                due = end.min(now + PARTING);
            }
            if now >= due || !matches!(timeout_at(due, changes.changed()).await, Ok(Ok(()))) {
                return;
            }
        }
    }
    pub(crate) fn end_connections(&self) {
        self.doors.end();
        let (links, clock) = {
            let mut state = self.state();
            state.has_ended = true;
            (std::mem::take(&mut state.links), state.clock.take())
        };
        if let Some(clock) = clock {
            clock.abort();
        }
        for task in links.into_values().filter_map(|link| link.task) {
            task.abort();
        }
    }

    /// Ends the connections that are open; whether there were any.
    #[cfg(feature = "control")]
    pub(crate) fn abort_connections(&self) -> bool {
        let state = self.state();
        // What a task holds is dropped after it was aborted, by the runtime, and then locks the
        // state and takes the link away.
        for task in state.links.values().filter_map(|link| link.task.as_ref()) {
            task.abort();
        }
        !state.links.is_empty()
    }

    /// Forgets what happened, and what the base behaviour remembers. Numbers go on.
    #[cfg(feature = "control")]
    pub(crate) fn forget(&self) {
        // Before the lock: with SCRAM and many users, it takes its time.
        let behaviour = behaviour(&self.builder);
        let mut state = self.state();
        state.behaviour = behaviour;
        state.record.clear();
        state.by_client.clear();
        drop(state);
        self.announce();
    }

    /// Has a connection do something, in this order.
    pub(crate) async fn command(
        &self,
        target: Target,
        actions: Vec<Action>,
    ) -> Result<(), SendError> {
        match self.try_command(&target, actions).await {
            Some(true) => Ok(()),
            Some(false) => Err(TooMuchWaits { target }.into()),
            None => Err(NotConnected { target }.into()),
        }
    }

    /// Whether it does; `None` where there is no such connection.
    async fn try_command(&self, target: &Target, actions: Vec<Action>) -> Option<bool> {
        let commands = self.state().commands(target)?;
        let (done, is_done) = oneshot::channel();
        commands.send(Command { actions, done }).await.ok()?;
        is_done.await.ok()
    }

    /// Waits until there is what the closure looks for; `None` when patience runs out.
    pub(crate) async fn wait_until<T>(&self, mut found: impl FnMut() -> Option<T>) -> Option<T> {
        let mut changes = self.changed.subscribe();
        let deadline = later(Instant::now(), self.patience);
        loop {
            if let Some(found) = found() {
                return Some(found);
            }
            match timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                // The sender lives as long as `self`.
                Ok(Err(_)) => return None,
                Err(_) => return found(),
            }
        }
    }

    /// Waits for an entry of the journal that the closure picks; `None` when patience runs out.
    pub(crate) async fn wait_for(&self, mut picks: impl FnMut(&Entry) -> bool) -> Option<Entry> {
        let mut seen = 0;
        self.wait_until(|| {
            // Copied, so that the closure runs without the lock.
            let entries: Vec<Entry> = {
                let state = self.state();
                let entries = state.record.since(seen).cloned().collect();
                seen = state.record.next();
                entries
            };
            entries.into_iter().find(&mut picks)
        })
        .await
    }
}

async fn keep_time(shared: Weak<Shared>, alarm: Arc<Notify>) {
    loop {
        let Some(due) = shared
            .upgrade()
            .map(|shared| shared.state().behaviour.next_due())
        else {
            return;
        };
        match due {
            Some(due) => {
                if timeout_at(due, alarm.notified()).await.is_ok() {
                    continue;
                }
            }
            None => {
                alarm.notified().await;
                continue;
            }
        }
        let Some(shared) = shared.upgrade() else {
            return;
        };
        {
            let mut state = shared.state();
            state.behaviour.do_due();
            state.ring();
        }
        shared.announce();
    }
}

impl State {
    /// Counts one more connection of this client; which it is, the first being 1.
    pub(crate) fn count_connection(&mut self, client_id: &Arc<str>) -> u32 {
        let full = self.by_client.len() >= CLIENTS_COUNTED;
        if full && !self.by_client.contains_key(client_id) {
            return 1;
        }
        let count = self.by_client.entry(client_id.clone()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// Has the connections look up what the base behaviour has for them.
    pub(crate) fn ring(&mut self) {
        for number in self.behaviour.take_rings() {
            if let Some(link) = self.links.get(&number) {
                link.bell.ring();
            }
        }
    }

    fn commands(&self, target: &Target) -> Option<mpsc::Sender<Command>> {
        let link = match target {
            Target::Connection(number) => self.links.get(number),
            Target::Client(client_id) => self
                .links
                .iter()
                .filter(|(_, link)| link.client_id.as_deref() == Some(client_id))
                // Of two, the older one was just taken over.
                .max_by_key(|(number, _)| **number)
                .map(|(_, link)| link),
        };
        link.map(|link| link.commands.clone())
    }
}
