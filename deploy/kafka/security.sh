# shellcheck shell=bash
# What broker.sh (which reads this file) does for TLS and SASL. ssl: the clients' port speaks TLS with a certificate of a CA that lives
# in DIR/tls. sasl_ssl: they also log in, with SCRAM-SHA-512 or PLAIN. In both the nodes talk to each other over that port, and to the
# controllers with certificates on both sides, so that no port is open to who has neither certificate nor password. Nothing secret is
# printed or stands on a command line; the files that hold it can be read by their owner only.

certificate_days=7

# Certificates and credentials of $dir, made where they are missing or about to end.
prepare_security() {
    if [ "$security" != plaintext ]; then
        command -v openssl >/dev/null || fail "no openssl: deploy/install.sh --kafka"
        # Not under nodes that run: they would not believe another CA.
        if [ ! -e "$dir/tls/server.pem" ] || { [ ${#down[@]} = "$nodes" ] && ! openssl x509 -noout -checkend 86400 -in "$dir/tls/server.pem" >/dev/null; }; then
            make_certificates
        fi
        need_certificate
    fi
    if [ "$security" = sasl_ssl ]; then
        prepare_credentials
    elif [ -n "$credentials" ]; then
        fail "--credentials is for --security sasl_ssl"
    fi
}

need_certificate() {
    if [ "$security" != plaintext ] && ! openssl x509 -noout -checkend 60 -in "$dir/tls/server.pem" >/dev/null; then
        fail "the certificates of $dir are $certificate_days days old and have ended: stop all nodes, then start makes new ones"
    fi
}

make_certificates() {
    local tls=$dir/tls
    rm -rf "$tls.new"
    mkdir -p "$tls.new"
    cat >"$tls.new/openssl.cnf" <<END
[req]
distinguished_name = name
prompt = no
[name]
CN = localhost
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
END
    (
        cd "$tls.new" &&
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days $certificate_days \
                -config openssl.cnf -extensions ca -subj "/CN=Normwatch test CA" &&
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -config openssl.cnf &&
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $certificate_days -out server.crt \
                -extfile openssl.cnf -extensions server &&
            cat server.key server.crt ca.pem >server.pem
    ) >"$dir/openssl.log" 2>&1 || fail "the certificates could not be made, see $dir/openssl.log: $(tail -n 1 "$dir/openssl.log")"
    rm -rf "$tls" "$dir/openssl.log"
    mv "$tls.new" "$tls"
}

# Sets user and password: of the file that was named, of the former start, or new ones. The storage knows them: others need a wipe.
prepare_credentials() {
    local known=$dir/credentials
    if [ -n "$credentials" ]; then
        [ -r "$credentials" ] || fail "cannot read $credentials"
        [ ! -e "$known" ] || cmp -s "$credentials" "$known" || fail "$dir was made with other credentials: wipe it first"
        [ -e "$known" ] || cat "$credentials" >"$known"
    elif [ ! -e "$known" ]; then
        printf 'normwatch\n%s\n' "$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')" >"$known"
    fi
    read_credentials
    if ! [[ $user =~ ^[A-Za-z0-9._@-]+$ && $password =~ ^[A-Za-z0-9._@~+/-]+$ ]]; then
        rm -f "$known"
        fail "the credentials are not a line with a user (letters, digits, ._@-) and a line with a password (also ~+/)"
    fi
}

read_credentials() {
    { read -r user && read -r password || true; } <"$dir/credentials"
}

# The words that make the user known to SCRAM, for the storage's format.
scram_words() {
    if [ "$security" = sasl_ssl ]; then
        printf '"%s"\n' --add-scram "SCRAM-SHA-512=[name=$user,password=$password]"
    fi
}

# The part of server.properties that is about security.
security_properties() {
    local modules=org.apache.kafka.common.security
    case $security in
        plaintext) echo "listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT" ;;
        ssl) echo "listener.security.protocol.map=CONTROLLER:SSL,CLIENT:SSL" ;;
        sasl_ssl)
            cat <<END
listener.security.protocol.map=CONTROLLER:SSL,CLIENT:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=$modules.plain.PlainLoginModule required username="$user" password="$password" user_$user="$password";
listener.name.client.scram-sha-512.sasl.jaas.config=$modules.scram.ScramLoginModule required username="$user" password="$password";
END
            ;;
    esac
    if [ "$security" != plaintext ]; then
        cat <<END
ssl.keystore.type=PEM
ssl.keystore.location=$dir/tls/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$dir/tls/ca.pem
listener.name.controller.ssl.client.auth=required
END
    fi
}

# What a client needs, as librdkafka names it. PLAIN, since brokers from 4.0 on refuse the SCRAM of librdkafka before 2.6.1 (Debian 12 has
# 2.0.2; confluentinc/librdkafka#4895: it sends its nonce twice). Other clients log in with either.
write_client_properties() {
    local i brokers=""
    for ((i = 1; i <= nodes; ++i)); do
        brokers+="${brokers:+,}127.0.0.1:$(port_of $i)"
    done
    {
        echo "bootstrap.servers=$brokers"
        [ "$security" = plaintext ] || printf '%s\n' "security.protocol=$security" "ssl.ca.location=$dir/tls/ca.pem"
        [ "$security" != sasl_ssl ] || printf '%s\n' sasl.mechanisms=PLAIN "sasl.username=$user" "sasl.password=$password"
    } >"$dir/client.properties"
}
