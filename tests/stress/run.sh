#!/bin/sh
# A schedule that is given by its seed replays: the same hash in two processes and in two builds, another one for another seed. On free-running
# threads ThreadSanitizer sees a planted race (race.patch: the timer and a queue callback count without the lock). Arguments that an app refuses are wrong
# usage, told in one line, and no bug.
#
#   tests/stress/run.sh      needs build/release and build/tsan, as `irpfuzz test` leaves them; a build that is not there is made
# Exit status: 0 all passed, 1 a comparison failed, 3 a build failed.
set -u
cd "$(dirname "$0")/../.." || exit 3
failed=0

hash_of() { # BUILD APP SEED
    threads="--threads 8"
    case $2 in toastapp | notifyapp | treeapp) threads= ;; esac # they start none that the user could count
    instances=2
    case $2 in treeapp) instances=1 ;; esac # it wants the bus for itself
    # shellcheck disable=SC2086 # two words or none
    "build/$1/stress/stress_$2" $threads --instances $instances --time 1 --schedule "$3" | sed -n 's/.*hash of life [0-9]* //p'
}

expect() { # WHAT CONDITION..
    what=$1
    shift
    if "$@"; then
        echo "pass $what"
    else
        echo "FAIL $what: $*"
        failed=1
    fi
}

for app in echoapp echoapp_driversync nothingapp testapp testapp_startio enumapp notifyapp toastapp nicapp nicapp_asleep nicapp_pulled treeapp; do
    for build in release tsan; do
        [ -f "build/$build/build.ninja" ] || cmake --preset "$build" >/dev/null || exit 3
        cmake --build "build/$build" --target "stress_$app" >/dev/null || exit 3
    done
    seven=$(hash_of release $app 7)
    expect "$app: a hash is printed" [ -n "$seven" ]
    expect "$app: the same seed again" [ "$seven" = "$(hash_of release $app 7)" ]
    expect "$app: the same seed in another build" [ "$seven" = "$(hash_of tsan $app 7)" ]
    eight=$(hash_of release $app 8)
    expect "$app: another seed" [ -n "$eight" ] && expect "$app: another hash" [ "$seven" != "$eight" ]
done

expect "nothingapp: what is said to have ended has ended" timeout 120 build/release/stress/stress_nothingapp --time 1 --schedule 7 -- 8 64 alone

expect "nicapp: two cards on real threads" timeout 120 build/release/stress/stress_nicapp --threads 4 --time 5
expect "nicapp: two cards on real threads, without races" timeout 240 build/tsan/stress/stress_nicapp --threads 4 --time 5
expect "nicapp: cards that fall asleep" timeout 120 build/release/stress/stress_nicapp_asleep --threads 4 --time 5
expect "nicapp: cards that fall asleep, without races" timeout 240 build/tsan/stress/stress_nicapp_asleep --threads 4 --time 5
expect "nicapp: cards that are pulled" timeout 120 build/release/stress/stress_nicapp_pulled --time 5
expect "nicapp: cards that are pulled, without races" timeout 240 build/tsan/stress/stress_nicapp_pulled --time 5

expect "enumapp: what one hand has plugged in is there" timeout 120 build/release/stress/stress_enumapp --time 1 --schedule 7 -- -r 3 -p 1 -p 1 -p 2 -u 1 -u 1 -e 2 -u 0
expect "notifyapp: all toasters are closed by the one who asks" timeout 120 build/release/stress/stress_notifyapp --time 1 -- -r 3 p1 p2 w5 e0 w5 u0

refused() { # APP: WHAT, WORDS, ARGUMENT..
    about=$1 words=$2 app=${1%%:*}
    shift 2
    timeout 60 "build/release/stress/stress_$app" --time 1 "$@" >build/refused.txt 2>&1
    expect "$about: status 2" [ $? = 2 ]
    expect "$about: one line" [ "$(wc -l <build/refused.txt)" = 1 ]
    expect "$about: the line says why" grep -q "^irpfuzz: .*usage: $app .*$words" build/refused.txt
}
refused "testapp: too many threads" "no such number of threads" --threads 11
refused "testapp: a driver that is not there" "no such driver" --schedule free -- 4 nothere
refused "testapp: the same with several" "no such driver" --schedule 5 --instances 3 -- 4 nothere
refused "toastapp: an option that it has not" "q ends" -- -x
refused "nicapp: no thread at all" "cards sleep" --threads 0
refused "enumapp: a serial number that means all" "n > 0" -- -p 0
refused "notifyapp: no command at all" "wait" -- -r 5

mkdir -p build/race
rm -rf build/race/tree
mkdir build/race/tree
cp -r drivers build/race/tree/
patch -s -p1 -d build/race/tree < tests/stress/race.patch || exit 3
[ -f build/race/build.ninja ] || cmake --preset tsan -B build/race "-DIRPFUZZ_DRIVERS_DIR=$PWD/build/race/tree/drivers" >/dev/null || exit 3
cmake --build build/race --target stress_echoapp_driversync >/dev/null || exit 3
build/race/stress/stress_echoapp_driversync --threads 8 --time 60 > build/race/report.txt 2>&1
expect "free-running: a race ends the run" [ $? != 0 ]
expect "free-running: the race is named" grep -q 'EchoEvtTimerFunc.*EchoEvtIoRead\|EchoEvtIoRead.*EchoEvtTimerFunc' build/race/report.txt
exit $failed
