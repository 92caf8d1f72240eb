import type { CheckContext } from "../../ports/check.ts";

/**
 * What a command finds in its environment besides its own `env`. Names are part of the public contract.
 *
 * | variable | what |
 * | --- | --- |
 * | TIDELOCK_URL_UNDER_TEST | first instance of the tested colour, e.g. `http://127.0.0.1:41234`; absent for a static check |
 * | TIDELOCK_URLS_UNDER_TEST | all of them, separated by a space |
 * | TIDELOCK_ROUTE_URL | public address of the route, where there is one |
 * | TIDELOCK_TESTER_HEADER, TIDELOCK_TESTER_VALUE | a header that makes the route answer from the tested colour, for a short time |
 * | TIDELOCK_SCAN_HEADER, TIDELOCK_SCAN_VALUE | a header for every request to the tested colour: shows that no other one answered |
 * | TIDELOCK_RELEASE, TIDELOCK_RELEASE_ID | `shop@1.4.2`, and its digest |
 * | TIDELOCK_SERVICE, TIDELOCK_ENVIRONMENT, TIDELOCK_COLOUR | what is tested; absent for a static check |
 * | TIDELOCK_CHECK_RUN | id of this run |
 */
export function variablesFor(context: CheckContext): Record<string, string> {
  const { instances, route, tester, scan, slot } = context;
  const first = instances[0];
  return {
    TIDELOCK_RELEASE: context.releaseName,
    TIDELOCK_RELEASE_ID: context.release,
    TIDELOCK_CHECK_RUN: context.run,
    ...(first === undefined
      ? {}
      : { TIDELOCK_URL_UNDER_TEST: first, TIDELOCK_URLS_UNDER_TEST: instances.join(" ") }),
    ...(route === null ? {} : { TIDELOCK_ROUTE_URL: route }),
    ...(tester === null
      ? {}
      : { TIDELOCK_TESTER_HEADER: tester.header, TIDELOCK_TESTER_VALUE: tester.value }),
    ...(scan === null
      ? {}
      : { TIDELOCK_SCAN_HEADER: scan.header, TIDELOCK_SCAN_VALUE: scan.value }),
    ...(slot === null
      ? {}
      : {
          TIDELOCK_SERVICE: slot.service,
          TIDELOCK_ENVIRONMENT: slot.environment,
          TIDELOCK_COLOUR: slot.colour,
        }),
  };
}
