import {
  createRootRoute,
  createRoute,
  createRouter,
  type SearchSchemaInput,
} from "@tanstack/react-router";
import { filterKeys, type FindingSearch, type MetricsSearch } from "./api/finding-queries.ts";
import type { ApprovalSearch } from "./api/approval-queries.ts";
import type { DeploymentFilter } from "./api/queries.ts";
import type { WaiverSearch } from "./api/waiver-queries.ts";
import { Page } from "./parts/page.tsx";
import { Shell } from "./parts/shell.tsx";
import { Account } from "./screens/account.tsx";
import { Approval } from "./screens/approval.tsx";
import { Approvals } from "./screens/approvals.tsx";
import { BreakGlass } from "./screens/break-glass.tsx";
import { OneBrokenGlass } from "./screens/break-glass-one.tsx";
import { Commits } from "./screens/commits.tsx";
import { Connect } from "./screens/connect.tsx";
import { Deployments } from "./screens/deployments.tsx";
import { Finding } from "./screens/finding.tsx";
import { FindingImports } from "./screens/findings-imports.tsx";
import { FindingMetricsPage } from "./screens/findings-metrics.tsx";
import { Findings } from "./screens/findings.tsx";
import { ManualCheck } from "./screens/manual-check.tsx";
import { ManualChecks } from "./screens/manual-checks.tsx";
import { Matrix } from "./screens/matrix.tsx";
import { PasskeysPage } from "./screens/passkeys.tsx";
import { Promotion } from "./screens/promotion.tsx";
import { Promotions } from "./screens/promotions.tsx";
import { Waiver } from "./screens/waiver.tsx";
import { Waivers } from "./screens/waivers.tsx";
import { Welcome } from "./screens/welcome.tsx";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Page title="No such page">
      <p>Nothing is at this address.</p>
    </Page>
  ),
});

/** A value of the address as text; a revision of digits, and `true`, come parsed. */
function text(value: unknown): string | undefined {
  const plain = ["string", "number", "boolean"].includes(typeof value);
  return plain ? String(value) : undefined;
}

function pick<K extends string>(
  search: Readonly<Record<string, unknown>>,
  keys: readonly K[],
): Partial<Record<K, string>> {
  const picked: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = text(search[key]);
    if (value !== undefined && value !== "") picked[key] = value;
  }
  return picked;
}

const routeTree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: "/", component: Matrix }),
  createRoute({
    getParentRoute: () => root,
    path: "/promotions",
    component: Promotions,
    validateSearch: (search: { after?: string } & SearchSchemaInput): { after?: string } =>
      pick({ ...search }, ["after"]),
  }),
  createRoute({ getParentRoute: () => root, path: "/promotions/$id", component: Promotion }),
  createRoute({ getParentRoute: () => root, path: "/break-glass", component: BreakGlass }),
  createRoute({ getParentRoute: () => root, path: "/break-glass/$id", component: OneBrokenGlass }),
  createRoute({
    getParentRoute: () => root,
    path: "/deployments",
    component: Deployments,
    validateSearch: (search: DeploymentFilter & SearchSchemaInput): DeploymentFilter =>
      pick({ ...search }, ["service", "environment", "at", "after"]),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/findings",
    component: Findings,
    validateSearch: (search: FindingSearch & SearchSchemaInput): FindingSearch =>
      pick({ ...search }, [...filterKeys, "after"]),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/findings/metrics",
    component: FindingMetricsPage,
    validateSearch: (search: MetricsSearch & SearchSchemaInput): MetricsSearch =>
      pick({ ...search }, ["service", "kind", "days"]),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/findings/imports",
    component: FindingImports,
    validateSearch: (search: { service?: string } & SearchSchemaInput): { service?: string } =>
      pick({ ...search }, ["service"]),
  }),
  createRoute({ getParentRoute: () => root, path: "/findings/$id", component: Finding }),
  createRoute({
    getParentRoute: () => root,
    path: "/waivers",
    component: Waivers,
    validateSearch: (search: WaiverSearch & SearchSchemaInput): WaiverSearch =>
      pick({ ...search }, ["service", "environment", "finding", "state", "after"]),
  }),
  createRoute({ getParentRoute: () => root, path: "/waivers/$id", component: Waiver }),
  createRoute({
    getParentRoute: () => root,
    path: "/approvals",
    component: Approvals,
    validateSearch: (search: ApprovalSearch & SearchSchemaInput): ApprovalSearch => {
      const { show, ...rest } = pick({ ...search }, ["service", "environment", "show", "after"]);
      return show === "mine" || show === "any" ? { ...rest, show } : rest;
    },
  }),
  createRoute({ getParentRoute: () => root, path: "/approvals/$id", component: Approval }),
  createRoute({ getParentRoute: () => root, path: "/manual-checks", component: ManualChecks }),
  createRoute({ getParentRoute: () => root, path: "/manual-checks/$id", component: ManualCheck }),
  createRoute({ getParentRoute: () => root, path: "/passkeys", component: PasskeysPage }),
  createRoute({ getParentRoute: () => root, path: "/account", component: Account }),
  createRoute({ getParentRoute: () => root, path: "/connect", component: Connect }),
  createRoute({ getParentRoute: () => root, path: "/welcome", component: Welcome }),
  createRoute({
    getParentRoute: () => root,
    path: "/commits",
    component: Commits,
    validateSearch: (search: { revision?: string } & SearchSchemaInput): { revision?: string } =>
      pick({ ...search }, ["revision"]),
  }),
]);

export const router = createRouter({ routeTree, defaultPreload: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
