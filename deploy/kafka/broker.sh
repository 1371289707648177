#!/usr/bin/env bash
# broker.sh: a real Apache Kafka (KRaft) on the loopback interface, from its published jars, for tests and for trying things out.
#
#   broker.sh start DIR PORT [NODES] [--security plaintext|ssl|sasl_ssl] [--credentials FILE]
#                              returns when every node answers; does nothing where they run already
#   broker.sh stop DIR         ends every node
#   broker.sh kill DIR NODE    kill -9 of one node
#   broker.sh resume DIR NODE  starts that one again
#   broker.sh wipe DIR         stop, then deletes records, certificates, generated credentials and logs; the jars stay
#   broker.sh status DIR       one line a node; exit code 1 unless all answer
#   broker.sh jars [--have]    fetches the jars and prints their folder; --have: exit code 1 when they are not there
#
# NODES is 1 (default) or 3. Node i listens on PORT + 2(i-1), its controller on the port after it.
# FILE has a user on its first line and a password on its second; without it both are made. A client's settings, for kcat -F and
# any other librdkafka client, are in DIR/client.properties. Records are not synced to the disk by Kafka: no oracle for power cuts.
#
# NORMWATCH_KAFKA_JARS  folder of the jars, shared by all DIRs; default ${XDG_CACHE_HOME:-$HOME/.cache}/normwatch/kafka-VERSION
# NORMWATCH_KAFKA_HEAP  of each node; default 512m
# JAVA_HOME             default: the java of the PATH
# Exit code: 0 done, 1 the answer of status and jars --have is no, 2 usage, 3 could not be done.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/kafka/security.sh
. "$here/security.sh"
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/pom.xml")
jars=${NORMWATCH_KAFKA_JARS:-${XDG_CACHE_HOME:-${HOME-}/.cache}/normwatch/kafka-$version}
[[ $jars == /* ]] || jars=$PWD/$jars
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
start_seconds_max=120 stop_seconds_max=10

usage() {
    sed -n '4,11s/^# \{0,3\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

fail() {
    echo "broker.sh: $*" >&2
    exit 3
}

# --- jars ---------------------------------------------------------------------------------------

have_jars() {
    cmp -s "$here/pom.xml" "$jars/pom.xml" || return 1
}

# Fetches the jars beside their place and renames them into it: a folder with a pom.xml is whole.
fetch_jars() {
    local log=$jars.log
    ! have_jars || return 0
    command -v mvn >/dev/null || fail "the jars of Kafka $version are not in $jars, and there is no mvn to fetch them: deploy/install.sh --kafka"
    (umask 022 && mkdir -p "$(dirname "$jars")") || fail "cannot make the folder of the jars"
    exec 8>"$jars.lock"
    flock 8
    if ! have_jars; then
        [ -e "$jars/pom.xml" ] || [ -z "$(ls -A "$jars" 2>/dev/null)" ] || fail "$jars holds something else than jars fetched by broker.sh: name another folder"
        echo "broker.sh: fetching the jars of Kafka $version into $jars" >&2
        rm -rf "$jars.new"
        (umask 022 && mvn -q -B -C -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime \
            -DoutputDirectory="$jars.new") >"$log" 2>&1 </dev/null 9>&- ||
            fail "the jars of Kafka $version could not be fetched, see $log: $(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -m 1 ERROR | cut -c 9-400)"
        (umask 022 && cp "$here/pom.xml" "$jars.new/pom.xml")
        rm -rf "$jars"
        mv "$jars.new" "$jars"
        rm -f "$log"
    fi
    exec 8>&-
}

need_java() {
    local major
    # Without Java there is no version: the check behind it says so.
    major=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
    [ -n "$major" ] || fail "no java ($java): deploy/install.sh --kafka, or set JAVA_HOME"
    [ "$major" -ge 17 ] || fail "Kafka $version needs Java 17, $java is $major"
}

# --- one node -----------------------------------------------------------------------------------

port_of() {
    echo $((first_port + 2 * ($1 - 1)))
}

# True when process $1 has ended and its files and ports are closed: its command line is gone before they are, and it may stay as a
# zombie until its parent looks.
ended() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    stat=${stat##*) }
    [[ ${stat%% *} == [ZX] && $(echo "/proc/$1/task/"*) == "/proc/$1/task/$1" ]]
}

# The pid of node $1, if its process is this node's broker: a pid file may be older than the process that has the pid now.
pid_of() {
    local pid words=() tries
    { read -r pid <"$dir/node$1/pid"; } 2>/dev/null || return 0
    # Between two programs of one process the command line is empty, as it is at the end.
    for ((tries = 0; tries < 50; ++tries)); do
        { mapfile -d '' -t words <"/proc/$pid/cmdline"; } 2>/dev/null || return 0
        if [ ${#words[@]} -gt 0 ] || ended "$pid"; then
            break
        fi
        sleep 0.01
    done
    if [ "${words[*]: -2}" = "kafka.Kafka $dir/node$1/server.properties" ]; then
        echo "$pid"
    fi
}

runs() {
    [ -n "$(pid_of "$1")" ]
}

# True when node $1 answers which requests it knows: the one that a broker answers before any login.
answers() {
    local port reply client request='\0\0\0\012\0\022\0\0\0\0\0\007\377\377'
    port=$(port_of "$1")
    if [ "$security" = plaintext ]; then
        { exec 7<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
        # A broker that is gone again answers nothing, and that is what counts below.
        # shellcheck disable=SC2059 # the bytes are the format
        (printf "$request" >&7) 2>/dev/null || true
        reply=$(timeout 5 head -c 10 <&7 | od -An -tx1 | tr -d ' \n')
        exec 7>&-
    else
        # Its input stays open: at the end of it openssl would leave before the answer.
        coproc tls { exec openssl s_client -quiet -verify_return_error -CAfile "$dir/tls/ca.pem" -connect "127.0.0.1:$port" 2>/dev/null 9>&-; }
        # shellcheck disable=SC2154 # bash sets it
        client=$tls_PID
        exec 6<&"${tls[0]}" 7>&"${tls[1]}"
        # shellcheck disable=SC2059 # the bytes are the format
        (printf "$request" >&7) 2>/dev/null || true # of its own: whom it is sent to may be gone
        reply=$(timeout 5 head -c 10 <&6 | od -An -tx1 | tr -d ' \n')
        exec 6<&- 7>&-
        # It ends by itself when the broker hangs up.
        kill "$client" 2>/dev/null || true
        wait "$client" 2>/dev/null || true
    fi
    [[ $reply == ????????000000070000 ]]
}

# Writes the configuration of node $1; makes its storage if there is none.
configure() {
    local node=$dir/node$1 port replicas=1 in_sync=1 voters="" i
    port=$(port_of "$1")
    if [ "$nodes" = 3 ]; then
        replicas=3 in_sync=2
    fi
    for ((i = 1; i <= nodes; ++i)); do
        voters+="${voters:+,}$i@127.0.0.1:$(($(port_of $i) + 1))"
    done
    mkdir -p "$node"
    {
        cat <<END
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$voters
listeners=CLIENT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=CLIENT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
log.dirs=$node/data
auto.create.topics.enable=false
message.max.bytes=2097152
default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.num.partitions=4
offsets.topic.replication.factor=$replicas
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
END
        security_properties
    } >"$node/server.properties"
    cat >"$node/log4j2.properties" <<END
appender.file.type=File
appender.file.name=file
appender.file.fileName=$node/broker.log
appender.file.append=false
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=INFO
rootLogger.appenderRef.file.ref=file
END
    [ -e "$node/data/meta.properties" ] || format "$1"
}

# The words of a format stand in a file: with sasl_ssl there is a password among them, and a command line can be read by anyone.
format() {
    local node=$dir/node$1 status=0
    {
        printf '"%s"\n' -Xshare:auto -cp "$jars/*" "-Dlog4j2.configurationFile=$node/log4j2.properties" kafka.tools.StorageTool \
            format -t "$(<"$dir/cluster.id")" -c "$node/server.properties"
        scram_words
    } >"$node/format.args"
    "$java" "@$node/format.args" >"$node/format.out" 2>&1 </dev/null 9>&- || status=$?
    rm -f "$node/format.args"
    [ $status = 0 ] || fail "the storage of node $1 could not be made, see $node/format.out: $(tail -n 1 "$node/format.out")"
    rm -f "$node/format.out" # it tells what SCRAM keeps of the password
}

launch() {
    local node=$dir/node$1 pid
    [ ! -e "$node/broker.log" ] || mv "$node/broker.log" "$node/broker.log.1"
    setsid "$java" -Xmx"${NORMWATCH_KAFKA_HEAP:-512m}" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true -cp "$jars/*" \
        "-Dlog4j2.configurationFile=$node/log4j2.properties" kafka.Kafka "$node/server.properties" >"$node/out" 2>&1 </dev/null 9>&- &
    pid=$!
    echo $pid >"$node/pid"
    # At first its command line is this script's.
    until runs "$1" || ended $pid; do
        sleep 0.02
    done
}

# Waits until node $1 answers.
await() {
    local node=$dir/node$1 deadline=$((SECONDS + start_seconds_max)) why
    until grep -qs 'Kafka Server started' "$node/broker.log" && answers "$1"; do
        if ! runs "$1"; then
            why=$(cat "$node/out" "$node/broker.log" 2>/dev/null | grep -m 1 -oE '[A-Za-z.]*(Exception|Error): .*' | cut -c 1-300) ||
                why=$(tail -n 1 "$node/out")
            fail "node $1 ended while starting, see $node/broker.log and $node/out: $why"
        fi
        [ "$SECONDS" -lt $deadline ] || fail "node $1 does not answer after $start_seconds_max s, see $node/broker.log"
        sleep 0.1
    done
}

need_port() {
    local port
    port=$(port_of "$1")
    for port in "$port" $((port + 1)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            fail "port $port is in use"
        fi
    done
}

# Ends the nodes that are given: asked at first, then killed. The last ones of three have no quorum to say goodbye to and do not end
# by themselves.
end_nodes() {
    local node pid pids=() deadline=$((SECONDS + stop_seconds_max))
    for node in "$@"; do
        pid=$(pid_of "$node")
        if [ -n "$pid" ]; then
            # Gone between the look and the signal is stopped too.
            kill "$pid" 2>/dev/null || true
            pids+=("$pid")
        fi
    done
    for pid in "${pids[@]}"; do
        until ended "$pid" || [ "$SECONDS" -ge $deadline ]; do
            sleep 0.1
        done
    done
    for node in "$@"; do
        kill_node "$node"
        rm -f "$dir/node$node/pid"
    done
}

# Kills node $1, if it runs, and waits until it is gone.
kill_node() {
    local pid deadline=$((SECONDS + stop_seconds_max))
    pid=$(pid_of "$1")
    [ -n "$pid" ] || return 0
    # Gone already is killed too; that it is gone is waited for below.
    kill -KILL "$pid" 2>/dev/null || true
    until ended "$pid"; do
        [ "$SECONDS" -lt $deadline ] || fail "node $1 (pid $pid) does not end"
        sleep 0.02
    done
}

# --- the cluster of DIR -------------------------------------------------------------------------

# Makes $dir absolute and takes its lock, which the brokers do not inherit.
open_folder() {
    dir=$(cd "$dir" && pwd)
    [[ $dir =~ ^[A-Za-z0-9._/+@\ -]+$ ]] || fail "the folder's name has characters that Kafka's configuration does not take: $dir"
    [ -e /proc/self/cmdline ] || fail "needs /proc"
    exec 9>"$dir/lock"
    flock -w 300 9 || fail "another broker.sh is at work in $dir"
}

# Sets what the cluster of DIR was made with; false when there is none.
read_shape() {
    [ -e "$dir/cluster.shape" ] && read -r first_port nodes security <"$dir/cluster.shape"
}

# Ends what this start began when it fails.
undo_start() {
    local status=$?
    if [ $status -ne 0 ] && [ ${#fresh[@]} -gt 0 ]; then
        end_nodes "${fresh[@]}"
    fi
    exit $status
}

start() {
    local node asked="$first_port $nodes $security"
    mkdir -p "$dir" || fail "cannot make $dir"
    open_folder
    if read_shape && [ "$asked" != "$first_port $nodes $security" ]; then
        fail "$dir was made with port, nodes and security '$first_port $nodes $security': wipe it first"
    fi
    need_java
    fetch_jars
    fresh=() down=()
    for ((node = 1; node <= nodes; ++node)); do
        if ! runs $node; then
            need_port $node
            down+=("$node")
        fi
    done
    prepare_security
    # An id that begins with a dash would be taken for an option.
    [ -e "$dir/cluster.id" ] || head -c 16 /dev/urandom | base64 | tr "+/" "-_" | tr -d = | sed "s/^-/_/" >"$dir/cluster.id"
    echo "$asked" >"$dir/cluster.shape"
    write_client_properties
    trap undo_start EXIT
    for node in "${down[@]}"; do
        configure "$node"
    done
    for node in "${down[@]}"; do
        fresh+=("$node")
        launch "$node"
    done
    for ((node = 1; node <= nodes; ++node)); do
        await $node
    done
    trap - EXIT
}

stop() {
    [ -d "$dir" ] || return 0
    open_folder
    ! read_shape || end_nodes $(seq "$nodes")
}

# Opens the cluster of DIR for a command on one of its nodes.
open_node() {
    [ -d "$dir" ] || fail "no such folder: $dir"
    open_folder
    read_shape || fail "no cluster in $dir: start one"
    [[ $node =~ ^[1-9]$ && $node -le $nodes ]] || fail "no node $node in $dir, it has $nodes"
}

resume() {
    open_node
    if ! runs "$node"; then
        need_java
        have_jars || fail "the jars of Kafka $version are not in $jars: start fetches them"
        [ -e "$dir/node$node/data/meta.properties" ] || fail "node $node has no storage: start makes it"
        need_port "$node"
        need_certificate
        fresh=("$node")
        trap undo_start EXIT
        launch "$node"
        await "$node"
        trap - EXIT
    fi
}

wipe() {
    stop
    if [ -d "$dir" ]; then
        rm -rf "$dir"/node[123] "$dir"/tls "$dir"/{cluster.id,cluster.shape,credentials,client.properties,lock}
        rmdir "$dir" 2>/dev/null || true
    fi
}

status() {
    local node pid said all=0
    if [ -d "$dir" ]; then
        dir=$(cd "$dir" && pwd)
    fi
    read_shape || fail "no cluster in $dir"
    for ((node = 1; node <= nodes; ++node)); do
        pid=$(pid_of $node)
        said="is down"
        if [ -n "$pid" ]; then
            said="pid $pid answers"
            answers $node || said="pid $pid does not answer"
        fi
        echo "node $node 127.0.0.1:$(port_of $node) $security $said"
        [[ $said == *" answers" ]] || all=1
    done
    return $all
}

# --- the command line ---------------------------------------------------------------------------

security=plaintext credentials="" words=()
while [ $# -gt 0 ]; do
    case $1 in
        --security | --credentials)
            [ $# -ge 2 ] || usage
            declare "${1#--}=$2"
            shift
            ;;
        *) words+=("$1") ;;
    esac
    shift
done
set -- "${words[@]}"
dir=${2-} node=${3-}
case "${1-} $#" in
    "start 3" | "start 4")
        first_port=$3 nodes=${4-1}
        [[ $first_port =~ ^[1-9][0-9]{0,4}$ && $nodes =~ ^[13]$ && $security =~ ^(plaintext|ssl|sasl_ssl)$ ]] || usage
        [ "$first_port" -le 65530 ] || usage
        start
        ;;
    "stop 2" | "wipe 2" | "status 2") $1 ;;
    "kill 3")
        open_node
        runs "$node" || fail "node $node of $dir does not run"
        kill_node "$node"
        ;;
    "resume 3") resume ;;
    "jars 1") fetch_jars && echo "$jars" ;;
    "jars 2")
        [ "$2" = --have ] || usage
        have_jars
        ;;
    *) usage ;;
esac
