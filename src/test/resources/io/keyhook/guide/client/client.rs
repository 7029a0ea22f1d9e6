//! As client.mjs.

mod keyhook;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use keyhook::{Keyhook, Outcome};

fn now() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64
}

fn show(outcome: Outcome) {
    println!("{} {}", outcome.allowed, outcome.code.as_deref().unwrap_or("-"));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["webhook", body, id, timestamp, signatures, secret] = args[..] {
        println!("{}", keyhook::verify_webhook(body.as_bytes(), id, timestamp, signatures, secret, now()));
        return;
    }
    let seconds: i64 = args[3].parse().unwrap();
    let key_set = std::fs::read_to_string("keys.json").unwrap();
    let lease = std::env::var("LEASE").unwrap_or("lease.json".to_string());
    let mut keyhook = Keyhook::new(args[1], &key_set, &lease).unwrap();
    keyhook.product_id = args.get(6).map(|id| id.to_string());
    keyhook.tries = args[2].parse().unwrap();
    keyhook.now = Box::new(move || now() + seconds);
    match args[0] {
        "race" => {
            let kept = std::fs::read(&lease).unwrap();
            for _ in 0..20 {
                std::fs::write(&lease, &kept).unwrap();
                let raced = Keyhook::new(args[1], &key_set, &lease).unwrap();
                let ended = AtomicBool::new(false);
                let outcome = std::thread::scope(|scope| {
                    scope.spawn(|| {
                        while !ended.load(SeqCst) {
                            raced.offline(args[4], args[5]);
                        }
                    });
                    let outcome = raced.validate(args[4], args[5]);
                    ended.store(true, SeqCst);
                    outcome
                });
                let is_left = std::path::Path::new(&lease).exists();
                println!("{} {} {is_left}", outcome.code.unwrap_or_default(), raced.offline(args[4], args[5]).allowed);
            }
        }
        "overlap" => {
            std::thread::scope(|scope| {
                scope.spawn(|| show(keyhook.validate(args[4], args[5])));
                keyhook.deactivate(args[4], args[5]);
                keyhook.deactivate(args[4], args[5]);
            });
            show(keyhook.offline(args[4], args[5]));
        }
        "moved" => {
            std::fs::rename(&lease, "moved").unwrap();
            show(keyhook.validate(args[4], args[5]));
            std::fs::rename("moved", &lease).unwrap();
            show(keyhook.offline(args[4], args[5]));
        }
        "deactivate" => println!("{}", keyhook.deactivate(args[4], args[5])),
        "heartbeat" => keyhook.heartbeat(args[4], args[5], Duration::from_millis(50), |outcome| {
            show(outcome);
            false
        }),
        "again" => {
            show(keyhook.validate(args[4], args[5]));
            show(keyhook.offline(args[4], args[5]));
        }
        _ => show(keyhook.validate(args[4], args[5])),
    }
}
