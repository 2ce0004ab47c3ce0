//! On a terminal: one line for each target, rewritten in place below what is
//! printed.
//!
//! The board is for people who watch. It is drawn on stderr, leaves the cursor
//! as it is, and is gone when the command ends, however it ends.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::stage::Stage;
use crate::args::Common;

/// How often what counts seconds is written anew.
const TICK: Duration = Duration::from_millis(250);

/// How often at most the board is drawn, in a second.
const DRAWN: u8 = 15;

/// The board, while there is one: whatever else is printed asks it to step
/// aside.
static BOARD: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Prints with the board out of the way.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    let board = lock(&BOARD).clone();
    match board {
        Some(board) => board.suspend(print),
        None => print(),
    }
}

/// Takes the board away for good.
pub(crate) fn end() {
    if let Some(board) = lock(&BOARD).take() {
        // What cannot be cleared is no longer seen by anybody.
        let _ = board.clear();
        board.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// Whether there is somebody who watches a terminal that can rewrite lines.
/// Where stdout goes elsewhere, what is printed there may end up on the same
/// terminal by ways that the board cannot know.
pub(crate) fn is_possible(common: &Common) -> bool {
    let terminals = io::stdout().is_terminal() && io::stderr().is_terminal();
    super::is_human(common) && terminals && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The lines of the targets.
pub(crate) struct Board {
    lines: Arc<Vec<Line>>,
    stop: Option<mpsc::Sender<()>>,
    ticker: Option<JoinHandle<()>>,
}

struct Line {
    target: String,
    /// As wide as the longest.
    shown: String,
    bar: ProgressBar,
    stage: Mutex<Stage>,
}

impl Board {
    /// A board on stderr for these targets, and the one that others step
    /// around.
    pub(crate) fn on_stderr(targets: &[String]) -> Self {
        let screen = Box::new(Screen(Term::buffered_stderr()));
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::term_like_with_hz(screen, DRAWN));
        let mut board = Self::new(&all, targets);
        *lock(&BOARD) = Some(all);
        let (stop, stopped) = mpsc::channel();
        let lines = Arc::clone(&board.lines);
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                lines.iter().for_each(Line::draw);
            }
        };
        // Without it seconds are counted only when something else happens.
        board.ticker = std::thread::Builder::new().name("progress".to_owned()).spawn(tick).ok();
        board.stop = Some(stop);
        board
    }

    fn new(all: &MultiProgress, targets: &[String]) -> Self {
        let widest = targets.iter().map(|name| console::measure_text_width(name)).max().unwrap_or(0);
        let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let line = |target: &String| Line {
            target: target.clone(),
            shown: console::pad_str(target, widest, console::Alignment::Left, None).into_owned(),
            bar: all.add(ProgressBar::no_length().with_style(style.clone())),
            stage: Mutex::default(),
        };
        let lines: Vec<Line> = targets.iter().map(line).collect();
        lines.iter().for_each(Line::draw);
        Self { lines: Arc::new(lines), stop: None, ticker: None }
    }

    /// A target has come so far.
    pub(crate) fn set(&self, target: &str, stage: Stage) {
        if let Some(line) = self.lines.iter().find(|line| line.target == target) {
            *lock(&line.stage) = stage;
            line.draw();
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(ticker) = self.ticker.take() {
            // It prints, and nothing else: what it may have died of is shown.
            let _ = ticker.join();
        }
        end();
    }
}

impl Line {
    fn draw(&self) {
        let text = lock(&self.stage).line(&self.shown);
        let coloured = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        self.bar.set_message(if coloured { text } else { anstream::adapter::strip_str(&text).to_string() });
    }
}

/// A terminal that may go away: then nothing is drawn, and the work goes on.
#[derive(Debug)]
struct Screen(Term);

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    /// All else is buffered; only here can it fail.
    fn flush(&self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// The program's own log, which steps around the board.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        aside(|| anstream::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        anstream::stderr().flush()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
