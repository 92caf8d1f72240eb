import { Name } from "../model/primitives.ts";

/** What a first pipeline file is made from: the folder's name and its package.json, if it has one. */
export interface InitInput {
  readonly folder: string;
  readonly packageJson: string | null;
  /** Where the folder has a description of its API, relative to it. */
  readonly apiDescription?: string | null;
}

/** Where descriptions of APIs usually lie: a folder that has one is fuzzed in testing. */
export const apiDescriptions: readonly string[] = [
  "",
  "api/",
  "docs/",
  "spec/",
  "openapi/",
].flatMap((folder) => ["json", "yaml", "yml"].map((end) => `${folder}openapi.${end}`));

interface Service {
  readonly name: string;
  readonly command: readonly string[];
  /** Where the command came from, for the comment beside it. */
  readonly note: string;
}

/**
 * The commented `tidelock.yaml` that `tidelock init` writes: one service, four environments, both kinds
 * of documents, as one person on one machine needs it. It parses without problems as it is.
 */
export function initFile(input: InitInput): string {
  const { name, command, note } = detect(input);
  const lanes = ["development", "testing", "staging", "production"];
  return [
    pipelineText(name, command, note, fuzzText(input.apiDescription ?? null)),
    ...lanes.map((lane, index) => environmentText(lane, name, 8081 + index)),
  ].join("---\n");
}

function detect({ folder, packageJson }: InitInput): Service {
  const found = packageJson === null ? {} : readPackage(packageJson);
  const name = toName(found.name ?? folder);
  const start = found.start;
  if (start !== undefined && /^node( [A-Za-z0-9_./@=:-]+)+$/.test(start)) {
    return { name, command: start.split(" "), note: "from package.json's start script" };
  }
  if (start !== undefined) {
    const note = "package.json's start script; name the program itself if signals must reach it";
    return { name, command: ["npm", "run", "--silent", "start"], note };
  }
  if (found.main !== undefined && /^[A-Za-z0-9_./@-]+$/.test(found.main)) {
    return { name, command: ["node", found.main], note: "from package.json's main" };
  }
  return { name, command: ["./server"], note: "CHANGE THIS: the program of your service" };
}

/** Only text fields that are there; a broken package.json is npm's to report, not ours. */
function readPackage(text: string): { name?: string; start?: string; main?: string } {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return {};
  }
  const field = (from: unknown, key: string): string | undefined => {
    if (typeof from !== "object" || from === null || !Object.hasOwn(from, key)) return undefined;
    const value = (from as Record<string, unknown>)[key];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const scripts =
    typeof data === "object" && data !== null && "scripts" in data ? data.scripts : undefined;
  const [name, start, main] = [field(data, "name"), field(scripts, "start"), field(data, "main")];
  return {
    ...(name === undefined ? {} : { name }),
    ...(start === undefined ? {} : { start }),
    ...(main === undefined ? {} : { main }),
  };
}

/** `@acme/Shop_UI` becomes `shop-ui`. */
function toName(text: string): string {
  const name = text
    .replace(/^.*\//, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return Name.safeParse(name).success ? name : "my-service";
}

/** A demand by name, not by a profile: a release that loses its description must not lose the check with it. */
function fuzzText(description: string | null): string {
  if (description === null) return "";
  return `        # Asks every operation of the API in every wrong way. Without \`identities\` it gets no further than a stranger.
        - name: api-fuzz
          uses: api-fuzz
          timeout: 10m
          allowWarn: true
          with: { openapi: { file: ${JSON.stringify(description)} }, limits: { seconds: 300 } }
`;
}

function pipelineText(
  name: string,
  command: readonly string[],
  note: string,
  fuzz: string,
): string {
  return `# What this service is and how it moves. \`tidelock pipeline validate\` checks this file,
# \`tidelock pipeline apply\` registers it; promotions use what is registered, not what a release carries.
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata:
  name: ${name}
spec:
  # The folder that becomes the release, relative to this file, and what stays out of it.
  path: .
  exclude: [node_modules/.cache/**, "*.log"]

  # A build runs in a clean folder, and its output is the release instead of \`path\`:
  # build:
  #   command: [npm, run, build]
  #   output: dist
  #   tools: [node, npm]

  processes:
    web:
      # ${note}. A list of words, never a shell line.
      command: ${JSON.stringify(command)}
      # The port comes as $PORT. \`port: argument\` replaces {port} in the command instead.
      port: variable
      replicas: 1
      # Users reach it only after this answered.
      ready: { kind: http, path: /, status: 200, timeout: 60s }
      stop: { signal: SIGTERM, grace: 10s }
    # A process without a port:
    # worker:
    #   command: [node, worker.js]
    #   port: none
    #   router: none
    #   ready: { kind: alive, for: 3s }

  # Names of values and secrets that every environment must have before a promotion starts.
  configuration: []

  # From first to last; each takes only what the one above has verified.
  environments:
    - name: development
      checks:
        - name: answers
          uses: http
          with:
            requests:
              - { path: /, expect: { status: 200, latencyMs: 2000 } }

    - name: testing
      checks:
        - name: answers
          uses: http
          with:
            requests:
              - { path: /, expect: { status: 200, latencyMs: 2000 } }
${fuzz}        # Any program; its exit code is the verdict. It finds the tested colour in $TIDELOCK_URL_UNDER_TEST.
        # - name: end-to-end
        #   uses: command
        #   with: { command: [npm, test] }

    - name: staging
      # How long a release must stay healthy here before production takes it.
      soak: 0s
      checks:
        - name: answers
          uses: http
          with:
            requests:
              - { path: /, expect: { status: 200, latencyMs: 2000 } }
        # Headers, cookies, exposed files and the like. Take \`allowWarn\` away when it passes without.
        - name: smoke
          uses: smoke
          allowWarn: true

    - name: production
      # \`strict\` also demands separate users for services and checks, and a proof of which process answered.
      gate: baseline
      replicas: { web: 1 }
      checks:
        - name: answers
          uses: http
          with:
            requests:
              - { path: /, expect: { status: 200, latencyMs: 2000 } }
      # The first failing probes in a row give the traffic back to the old colour.
      watch: { for: 30s, interval: 1s, failures: 3, path: /, status: 200 }
      # How long the old colour stays ready to take the traffic back.
      rollbackWindow: 1h
`;
}

/** The part of the server's owners: on one machine they are the same person. */
function environmentText(lane: string, service: string, port: number): string {
  const floor =
    lane === "production"
      ? `
  # What no pipeline may fall below here.
  floor: { gate: baseline, minimumSoak: 0s, isolation: none }
`
      : "\n";
  return `apiVersion: tidelock.dev/v1
kind: Environment
metadata:
  name: ${lane}
spec:
  tier: ${lane}
  target: { type: process }
  router:
    type: embedded
    # Where users find each service in this environment.
    listen: { ${service}: "127.0.0.1:${port}" }${floor}`;
}
