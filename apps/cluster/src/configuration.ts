import { MACHINES, type Network } from "./network.ts"

/** Patroni's times in seconds. Its defaults are 30, 10 and 10. */
export interface Times {
  ttl: number
  loopWait: number
  retryTimeout: number
}

/** Where the machines' parts listen. */
export const PORTS = { etcd: 2379, etcdPeers: 2380, patroni: 8008, postgres: 5432 } as const

/** The configuration of a machine's Patroni. JSON is YAML. */
export function patroniConfiguration(
  network: Pick<Network, "clusterAddressOf">,
  {
    machine,
    times,
    isSynchronous,
    folder,
    bin,
  }: { machine: number; times: Times; isSynchronous: boolean; folder: string; bin: string },
): string {
  const address = network.clusterAddressOf(machine)
  const everyone = ["local all all trust", "host all all all trust", "host replication all all trust"]
  return JSON.stringify({
    scope: "latchkey",
    name: `db${machine}`,
    restapi: { listen: `0.0.0.0:${PORTS.patroni}`, connect_address: `${address}:${PORTS.patroni}` },
    etcd3: { hosts: MACHINES.map((each) => `${network.clusterAddressOf(each)}:${PORTS.etcd}`) },
    bootstrap: {
      dcs: {
        ttl: times.ttl,
        loop_wait: times.loopWait,
        retry_timeout: times.retryTimeout,
        synchronous_mode: isSynchronous,
        postgresql: {
          use_pg_rewind: true,
          parameters: {
            wal_log_hints: "on",
            max_connections: 60,
            max_wal_size: "48MB",
            wal_keep_size: "32MB",
          },
        },
      },
      // Small segments, so that a full disk is noticed soon.
      initdb: [{ encoding: "UTF8" }, { locale: "C" }, { "wal-segsize": "1" }],
    },
    postgresql: {
      listen: `0.0.0.0:${PORTS.postgres}`,
      connect_address: `${address}:${PORTS.postgres}`,
      data_dir: `${folder}/disk/data`,
      bin_dir: bin,
      pg_hba: everyone,
      authentication: { superuser: { username: "postgres" }, replication: { username: "postgres" } },
      parameters: { shared_buffers: "16MB", unix_socket_directories: folder },
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
    },
  })
}

/**
 * HAProxy as Patroni's documentation has it: connections to a server that is no longer the primary are ended.
 *
 * @param addresses of the machines.
 * @param bind where it listens.
 */
export function haproxyConfiguration(addresses: readonly string[], bind: string): string {
  const servers = addresses.map(
    (address, place) =>
      `    server db${place + 1} ${address}:${PORTS.postgres} maxconn 100 check port ${PORTS.patroni}`,
  )
  return [
    "defaults",
    "    mode tcp",
    "    retries 2",
    "    timeout client 30m",
    "    timeout connect 4s",
    "    timeout server 30m",
    "    timeout check 5s",
    "listen primary",
    `    bind ${bind}`,
    "    option httpchk OPTIONS /primary",
    "    http-check expect status 200",
    "    default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions",
    ...servers,
    "",
  ].join("\n")
}
