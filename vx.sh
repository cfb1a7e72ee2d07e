set -e
date
time mycook build --recipe multi-vatex --annotations /tmp/vx/vatex_training.json --annotations /tmp/vx/vatex_test.json --set source_options.split=official --set decoding.beam_size=1 --set decoding.retry=false --engine mini --langs all --offline --out build/fast --threads 1
time mycook features simulate --dataset build/fast/dataset --out build/fast/features
time mycook train --recipe c2kd-tiny --dataset build/fast/dataset --features build/fast/features --epochs 4 --set evaluate_every=0 --threads 1 --out runs/c2kd-vatex --offline
date
