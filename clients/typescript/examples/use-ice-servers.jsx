// A React hook: the current list, replaced before it expires and whenever it changes.
import { createIceServerSource } from "@ice-service/client";
import { useEffect, useMemo, useState } from "react";

/**
 * @param {string} url of the service
 * @param {() => Promise<string>} getToken a stable function, such as one from useCallback
 */
export function useIceServers(url, getToken) {
  const source = useMemo(() => createIceServerSource({ url, getToken }), [url, getToken]);
  const [list, setList] = useState();
  const [error, setError] = useState();
  useEffect(() => {
    const controller = new AbortController();
    async function watch() {
      for await (const next of source.watch({ signal: controller.signal })) {
        setList(next);
      }
    }
    watch().catch(setError);
    return () => controller.abort();
  }, [source]);
  return { source, list, error };
}
