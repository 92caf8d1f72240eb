import { z } from "zod";

/** SARIF 2.1.0 (OASIS), as far as it is read; loose, because every tool adds its own. */

const Text = z.string();
const Message = z.object({
  text: Text.optional(),
  markdown: Text.optional(),
  id: Text.optional(),
  arguments: z.array(z.string()).optional(),
});
const Properties = z.record(z.string(), z.unknown());
/** Numbers that are no integers are left out, not refused: they decide nothing. */
const Index = z.int().catch(-1);

const Artifact = z.object({ uri: Text.optional(), index: Index.optional() });

const Region = z.object({
  startLine: Index.optional(),
  snippet: z.object({ text: Text.optional() }).optional().catch(undefined),
});

const Location = z.object({
  physicalLocation: z
    .object({
      artifactLocation: Artifact.optional(),
      region: Region.optional(),
      contextRegion: Region.optional(),
    })
    .optional(),
  logicalLocations: z
    .array(
      z.object({
        fullyQualifiedName: Text.optional(),
        name: Text.optional(),
        index: Index.optional(),
      }),
    )
    .optional(),
});

const Reference = z.object({
  id: Text.optional(),
  index: Index.optional(),
  toolComponent: z.object({ name: Text.optional(), index: Index.optional() }).optional(),
});

export const Result = z.object({
  ruleId: Text.optional(),
  ruleIndex: Index.optional(),
  rule: Reference.optional(),
  kind: Text.optional(),
  level: Text.optional(),
  message: Message.optional(),
  locations: z.array(Location).nullish(),
  fingerprints: z.record(z.string(), z.string()).optional(),
  partialFingerprints: z.record(z.string(), z.string()).optional(),
  guid: Text.optional(),
  correlationGuid: Text.optional(),
  webRequest: z.object({ method: Text.optional() }).optional().catch(undefined),
  suppressions: z.array(z.object({ status: Text.optional(), state: Text.optional() })).nullish(),
  baselineState: Text.optional(),
  taxa: z.array(Reference).optional(),
  properties: Properties.optional(),
});
export type Result = z.infer<typeof Result>;

const Rule = z.object({
  id: Text.optional(),
  name: Text.optional(),
  helpUri: Text.optional().catch(undefined),
  shortDescription: Message.optional(),
  fullDescription: Message.optional(),
  messageStrings: z.record(z.string(), Message).optional(),
  defaultConfiguration: z.object({ level: Text.optional() }).optional(),
  relationships: z.array(z.object({ target: Reference.optional() })).optional(),
  properties: Properties.optional(),
});
export type Rule = z.infer<typeof Rule>;

const Component = z.object({
  name: Text.optional(),
  version: Text.nullish(),
  semanticVersion: Text.nullish(),
  rules: z.array(Rule).nullish(),
});

const Notification = z.object({ level: Text.optional(), message: Message.optional() });

/** Without its results, which are read one by one. */
export const Run = z.object({
  tool: z.object({ driver: Component, extensions: z.array(Component).optional() }),
  /** Null or absent: there was no scan for results, which is something else than no result (3.14.23). */
  results: z.tuple([]).nullish(),
  automationDetails: z.object({ id: Text.optional() }).nullish().catch(undefined),
  logicalLocations: z.array(z.object({ fullyQualifiedName: Text.optional() })).nullish(),
  artifacts: z.array(z.object({ location: Artifact.optional() })).nullish(),
  invocations: z
    .array(
      z.object({
        executionSuccessful: z.boolean().optional(),
        endTimeUtc: Text.optional().catch(undefined),
        toolExecutionNotifications: z.array(Notification).optional(),
      }),
    )
    .nullish(),
  externalPropertyFileReferences: z.object({ results: z.unknown().optional() }).nullish(),
});
export type Run = z.infer<typeof Run>;

export const Log = z.object({ version: z.literal("2.1.0"), runs: z.array(Run) });
