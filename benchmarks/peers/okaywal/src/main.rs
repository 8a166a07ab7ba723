//! Drives okaywal the way the benchmark drives every other log.
//!
//!   okaywal-peer commit <directory> <committers> <bytes> <seconds>   closed loop, one thread each
//!   okaywal-peer fill <directory> <bytes> <records>                  a log to be replayed
//!   okaywal-peer replay <directory>                                  recover it, reading all data
//!
//! Prints one line of JSON.

use okaywal::{Configuration, Entry, EntryId, LogManager, LogVoid, SegmentReader, WriteAheadLog};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Counting(Arc<AtomicU64>, Arc<AtomicU64>);

impl LogManager for Counting {
    fn recover(&mut self, entry: &mut Entry<'_>) -> io::Result<()> {
        if let Some(chunks) = entry.read_all_chunks()? {
            for chunk in chunks {
                self.0.fetch_add(1, Ordering::Relaxed);
                self.1.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn checkpoint_to(
        &mut self,
        _last: EntryId,
        _entries: &mut SegmentReader,
        _wal: &WriteAheadLog,
    ) -> io::Result<()> {
        Ok(())
    }
}

fn commit(log: &WriteAheadLog, data: &[u8]) {
    let mut entry = log.begin_entry().expect("begin");
    entry.write_chunk(data).expect("write");
    entry.commit().expect("commit");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments[index].parse::<f64>().expect("a number");
    let directory = &arguments[2];
    match arguments[1].as_str() {
        "commit" => {
            let (committers, size, seconds) = (number(3) as usize, number(4) as usize, number(5));
            let log = WriteAheadLog::recover(directory, LogVoid).expect("open");
            let started = Instant::now();
            let until = started + Duration::from_secs_f64(seconds);
            let threads: Vec<_> = (0..committers)
                .map(|_| {
                    let log = log.clone();
                    std::thread::spawn(move || {
                        let data = vec![120_u8; size];
                        let mut times = Vec::new();
                        while Instant::now() < until {
                            let begun = Instant::now();
                            commit(&log, &data);
                            times.push(begun.elapsed().as_secs_f64());
                        }
                        times
                    })
                })
                .collect();
            let mut times: Vec<f64> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
            let took = started.elapsed().as_secs_f64();
            times.sort_by(f64::total_cmp);
            println!(
                "{{\"rate\": {}, \"p50\": {}, \"p99\": {}}}",
                times.len() as f64 / took,
                times[times.len() / 2],
                times[times.len() * 99 / 100]
            );
            log.shutdown().expect("shutdown");
        }
        "fill" => {
            let (size, records) = (number(3) as usize, number(4) as u64);
            let log = Configuration::default_for(directory)
                .preallocate_bytes(512 << 20)
                .checkpoint_after_bytes(1 << 40)
                .open(LogVoid)
                .expect("open");
            let threads: Vec<_> = (0..64)
                .map(|_| {
                    let log = log.clone();
                    std::thread::spawn(move || {
                        let data = vec![120_u8; size];
                        for _ in 0..records / 64 {
                            commit(&log, &data);
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|t| t.join().unwrap());
            println!("{{}}");
            std::process::exit(0); // no shutdown: it would checkpoint
        }
        _ => {
            let (chunks, bytes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
            let started = Instant::now();
            let _log = Configuration::default_for(directory)
                .preallocate_bytes(512 << 20)
                .checkpoint_after_bytes(1 << 40)
                .open(Counting(chunks.clone(), bytes.clone()))
                .expect("open");
            println!(
                "{{\"seconds\": {}, \"chunks\": {}, \"bytes\": {}}}",
                started.elapsed().as_secs_f64(),
                chunks.load(Ordering::Relaxed),
                bytes.load(Ordering::Relaxed)
            );
            std::process::exit(0);
        }
    }
}
