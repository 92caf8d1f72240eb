import type { Safeguard } from "../safeguard.ts";

const survival = "test/crash/agent-survival.test.ts";
const databaseTests = "src/store/embedded/embedded-postgres.test.ts";
const lockTests = "src/agent/state/lock.test.ts";
const checkTests = "test/crash/agent-checks.test.ts";
const adopts = "takes no service and no router along, and the next one adopts both";
const stranger = "a reused pid of a stale record is not adopted, and the stranger is left alone";
const staleLock = "a lock of a living pid with another start time or another boot is nobody's";

/** What runs goes on without us, and is found again: that, and nothing else (law 6). */
export const adoption: readonly Safeguard[] = [
  {
    name: "adopt-services",
    prevents: "a restart of the agent restarts every service",
    off: "the agent starts services afresh instead of adopting those that run",
    edits: [
      {
        file: "src/agent/processes/instance.ts",
        text: "if (identity !== null && isAlive(identity)) {\n      const run",
        replacement:
          "if (identity !== null && isAlive(identity) && Date.now() < 0) {\n      const run",
      },
    ],
    noticedBy: [{ file: survival, name: adopts }],
    unaffected: { file: survival, name: stranger },
  },
  {
    name: "adopt-routers",
    prevents: "a restart of the agent cuts the connections of users",
    off: "the agent starts a new router instead of adopting the one that runs",
    edits: [
      {
        file: "src/agent/routes/router-supervisor.ts",
        text: "if (record !== undefined && isAlive(record.identity)) {",
        replacement: "if (record !== undefined && isAlive(record.identity) && Date.now() < 0) {",
      },
    ],
    noticedBy: [{ file: survival, name: adopts }],
    unaffected: { file: survival, name: stranger },
  },
  {
    name: "pid-start-time",
    prevents: "a stranger with the pid of a dead service is adopted, and later killed",
    off: "a living pid is enough; its start time is not compared",
    edits: [
      {
        file: "src/agent/os/identity.ts",
        text: "return processStatus(identity.pid)?.startTime === identity.startTime;",
        replacement: "return processStatus(identity.pid) !== null;",
      },
    ],
    noticedBy: [
      { file: survival, name: stranger },
      { file: lockTests, name: staleLock },
    ],
    unaffected: {
      file: lockTests,
      name: "one holder at a time, and the next one after it gave the lock back",
    },
  },
  {
    name: "pid-boot",
    prevents: "after a power cut a stranger passes for a process of before",
    off: "the boot that a process belongs to is not compared",
    edits: [
      {
        file: "src/agent/os/identity.ts",
        text: "if (identity.bootId !== bootId()) return false;",
        replacement: "",
      },
    ],
    noticedBy: [
      { file: lockTests, name: staleLock },
      {
        file: survival,
        name: "after a reboot nothing on record lives, even where number and start time agree",
      },
    ],
    unaffected: {
      file: lockTests,
      name: "one holder at a time, and the next one after it gave the lock back",
    },
  },
  {
    name: "strays",
    prevents: "a process started in the instant of a crash runs on, known to nobody",
    off: "the agent ends nothing that carries its mark and is not on record",
    edits: [
      {
        file: "src/agent/processes/sweep.ts",
        text: "if (instance === null || living.has(instance)) continue;",
        replacement: "if (instance === null || living.size >= 0) continue;",
      },
    ],
    noticedBy: [
      {
        file: survival,
        name: "leaves no process of a slot behind that is on nobody's record",
      },
    ],
    unaffected: { file: survival, name: stranger },
  },
  {
    name: "check-once",
    prevents: "a check that was asked for twice attacks twice",
    off: "a run that is on record is begun again",
    edits: [
      {
        file: "src/agent/checks/checks.ts",
        text: "if (known.content === content) return;",
        replacement: "",
      },
      {
        file: "src/agent/checks/checks.ts",
        text: "if (known !== null) {",
        replacement: "if (known !== null && known.content !== content) {",
      },
    ],
    noticedBy: [
      {
        file: checkTests,
        name: "the same run never starts twice, also when it is asked for again after it ended",
      },
    ],
    unaffected: { file: checkTests, name: "a check's exit status, output and time are kept" },
  },
  {
    name: "adopt-database",
    prevents: "a killed server leaves a database that the next one cannot use",
    off: "a running embedded database is not looked for",
    edits: [
      {
        file: "src/store/embedded/embedded-postgres.ts",
        text: "const running = findPostmaster(where) && (await awaitReady(where));",
        replacement: "const running = Date.now() < 0 ? await awaitReady(where) : undefined;",
      },
    ],
    noticedBy: [
      {
        file: databaseTests,
        name: "adopts the server of a killed process, with everything that it had confirmed",
      },
    ],
    unaffected: {
      file: databaseTests,
      name: "begins anew after a kill in the middle of the first preparation",
    },
  },
  {
    name: "database-pid",
    prevents: "after a power cut a stranger with the old pid passes for the database",
    off: "the pid in postmaster.pid is believed",
    edits: [
      {
        file: "src/store/embedded/postmaster.ts",
        text: "if (!identity || !servesFolder(pid, where.data)) return undefined;",
        replacement: "if (!identity || !servesFolder) return undefined;",
      },
    ],
    noticedBy: [
      {
        file: databaseTests,
        name: "starts although a stale postmaster.pid names a living process of somebody else",
      },
    ],
    unaffected: {
      file: databaseTests,
      name: "begins anew after a kill in the middle of the first preparation",
    },
  },
];
