package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"tenure/api"
)

func (a *app) export() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "Write an organization in another format"}
	peribolos := &cobra.Command{
		Use: "peribolos", Short: "Write admins, members and teams as peribolos reads them",
		Long: `Export peribolos writes the organization, now or as of a moment, in the
declarative format of that tool: logins and team names as they were written.`,
		Example: `  tenure export peribolos --org acme --as-of 2026-01-31 --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.format == "csv" {
				return usageError{fmt.Errorf("export peribolos: the format is YAML, or JSON with -o json")}
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				state, err := c.ExportPeribolos(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				if a.format == "json" {
					return writeJSON(a.out, state)
				}
				e := yaml.NewEncoder(a.out)
				e.SetIndent(2)
				if err := e.Encode(state); err != nil {
					return err
				}
				return e.Close()
			})
		},
	}
	a.inOrg(peribolos)
	a.dated(peribolos)
	cmd.AddCommand(peribolos)
	return cmd
}
