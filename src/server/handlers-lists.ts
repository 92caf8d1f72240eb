import type { ControlPlane } from "../ports/control-plane.ts";
import { known } from "./known.ts";
import type { Handlers } from "./routes.ts";
import { pageOf } from "./visible.ts";

type Names =
  | "releaseList"
  | "policyProposals"
  | "promotionList"
  | "manualList"
  | "tokenList"
  | "engagementList"
  | "stopList"
  | "approvalList"
  | "breakGlassList"
  | "waiverList"
  | "findingProposals"
  | "deploymentList"
  | "reviewList";

/** Lists of which somebody may see a part: the database is asked for that part, see visible.ts. */
export function listHandlers(controlPlane: ControlPlane): Pick<Handlers, Names> {
  return {
    releaseList: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.listReleases({ ...known(query), ...page }),
        ({ id }) => id,
      ),
    policyProposals: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.policy.proposals({ ...query, ...page }),
        ({ id }) => id,
      ),
    promotionList: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.listPromotions({ ...known(query), ...page }),
        ({ id }) => id,
      ),
    async manualList({ query, sees }) {
      return { items: [...(await controlPlane.checks.asked(query.promotion ?? null, sees))] };
    },
    async tokenList({ query, sees }) {
      return { items: [...(await controlPlane.access.listTokens(query.state, sees))] };
    },
    engagementList: ({ query: { service = null, ...query }, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.engagements.list({ service, ...page }),
        ({ id }) => id,
      ),
    async stopList({ query, sees }) {
      const cleared = query.cleared === "true";
      return { items: [...(await controlPlane.stops.list({ cleared, sees }))] };
    },
    approvalList({ actor, query: { waitsFor, ...query }, sees }) {
      const person = waitsFor === undefined ? undefined : (actor.principal?.person ?? "");
      return pageOf(
        query,
        sees,
        (page) => controlPlane.approvals.list({ ...query, waitsFor: person, ...page }),
        ({ id }) => id,
      );
    },
    breakGlassList: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.breakGlass.list({ ...query, ...page }),
        ({ id }) => id,
      ),
    waiverList: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.waivers.list({ ...query, ...page }),
        ({ id }) => id,
      ),
    findingProposals: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.findings.proposals({ ...query, ...page }),
        ({ id }) => id,
      ),
    deploymentList: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.listDeployments({ ...known(query), ...page }),
        ({ id }) => id,
      ),
    reviewList: ({ query, sees }) =>
      pageOf(
        query,
        sees,
        (page) => controlPlane.reviews.list(page),
        ({ id }) => id,
      ),
  };
}
