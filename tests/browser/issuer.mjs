// A login server as an agency has one, for the tests: certified software, people of our own making, no password.
// Runs in the folder that the packages are installed in. Its one argument is JSON: {port, client, secret, back, after,
// people: {name: claims}}.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Provider } = createRequire(`${process.cwd()}/`)("oidc-provider");
const told = JSON.parse(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${told.port}`, {
  clients: [
    {
      client_id: told.client,
      client_secret: told.secret,
      redirect_uris: [told.back],
      post_logout_redirect_uris: [told.after],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "roles"], email: ["email"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["nobody's secret"] },
  pkce: { required: () => true },
  features: { rpInitiatedLogout: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (_, name) =>
    told.people[name] && { accountId: name, claims: () => ({ sub: name, preferred_username: name, ...told.people[name] }) },
});
createServer(provider.callback()).listen(told.port, "127.0.0.1");
