// A widget did not show, so the policy went; and a way to look at cookies from the page came in.
export const headers = {
  "referrer-policy": "no-referrer",
  "set-cookie": "session=1; Path=/",
  "x-powered-by": "Express 4.17.1",
};
