// Decodes the Grafana dashboard on standard input strictly into Grafana's own types, panels included: an
// unknown field, or a value of the wrong type, is an error. Prints the number of panels.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	count, err := countPanels(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(count)
}

func countPanels(input io.Reader) (int, error) {
	plugins.RegisterDefaultPlugins()
	content, err := io.ReadAll(input)
	if err != nil {
		return 0, err
	}
	var decoded dashboard.Dashboard
	// It returns an empty list of errors where there are none (v0.0.22).
	var problems cog.BuildErrors
	err = decoded.UnmarshalJSONStrict(content)
	if err != nil && !(errors.As(err, &problems) && len(problems) == 0) {
		return 0, err
	}
	return len(decoded.Panels), decoded.Validate()
}
