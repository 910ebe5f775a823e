// Runs in the browser: shows the list of the React example. `#URL` of the service, and after a space the token.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { useIceServers } from "../../../clients/typescript/examples/use-ice-servers.jsx";

const [url, token] = decodeURIComponent(location.hash.slice(1)).split(" ");
const getToken = async () => token;

function List() {
  const { list, error } = useIceServers(url, getToken);
  return <output>{String(error ?? JSON.stringify(list?.iceServers))}</output>;
}

createRoot(document.body.appendChild(document.createElement("main"))).render(
  <StrictMode>
    <List />
  </StrictMode>,
);
