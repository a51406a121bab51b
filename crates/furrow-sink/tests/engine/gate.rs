//! A gate before the database: it can shut, swallow answers, and remembers the
//! tokens of the inserts that came through.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Requests go through, answers do not.
    Swallowing,
    /// Nothing goes through, and connections are cut.
    Shut,
}

pub(crate) struct Gate {
    state: watch::Sender<State>,
    requests: Arc<Mutex<Vec<u8>>>,
    address: SocketAddr,
}

impl Gate {
    /// An open gate before the port.
    pub(crate) async fn before(port: u16) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Gate {
            state: watch::Sender::new(State::Open),
            requests: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let (state, requests) = (gate.state.subscribe(), Arc::clone(&gate.requests));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, port, state.clone(), Arc::clone(&requests)));
            }
        });
        gate
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn open(&self) {
        self.state.send_replace(State::Open);
    }

    pub(crate) fn swallow_answers(&self) {
        self.state.send_replace(State::Swallowing);
    }

    pub(crate) fn shut(&self) {
        self.state.send_replace(State::Shut);
    }

    /// The tokens of all inserts into a table so far, in order.
    pub(crate) fn tokens(&self, table: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let text = String::from_utf8_lossy(&requests);
        let into = [
            format!("INTO+{table}"),
            format!("INTO%20{table}"),
            format!("INTO+%60{table}"),
            format!("INTO%20%60{table}"),
        ];
        text.lines()
            .filter(|line| line.contains("POST ") && into.iter().any(|i| line.contains(&**i)))
            .filter_map(|line| line.split("insert_deduplication_token=").nth(1))
            .map(|rest| rest.split(['&', ' ']).next().unwrap().to_owned())
            .collect()
    }
}

async fn pass(
    client: TcpStream,
    port: u16,
    mut state: watch::Receiver<State>,
    requests: Arc<Mutex<Vec<u8>>>,
) {
    if *state.borrow_and_update() == State::Shut {
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = state.clone();
    let up = async {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            requests.lock().unwrap().extend(&buffer[..count]);
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if *answers.borrow() == State::Open
                && to_client.write_all(&buffer[..count]).await.is_err()
            {
                break;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = state.wait_for(|state| *state == State::Shut) => {}
    }
}
