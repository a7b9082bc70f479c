package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// TestCompose loads docker-compose.yml with the library that compose itself
// uses, and holds what it says of tenure against the command line.
func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tenure, mail := serviceOf(t, project, "tenure"), serviceOf(t, project, "mail")

	// The command is one of ours, and every flag is known to it.
	root := (&app{}).command()
	command, rest, err := root.Find(tenure.Command)
	if err != nil || command.Name() != "serve" {
		t.Fatalf("it runs %v: %v", tenure.Command, err)
	}
	if err := command.ParseFlags(rest); err != nil {
		t.Fatalf("it runs %v: %v", tenure.Command, err)
	}
	data := command.Flags().Lookup("data").Value.String()
	if !slices.ContainsFunc(tenure.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Type == "volume" && v.Target == data }) {
		t.Errorf("the data folder %s is on no volume: %v", data, tenure.Volumes)
	}
	_, port, _ := strings.Cut(command.Flags().Lookup("listen").Value.String(), ":")
	if len(tenure.Ports) != 1 || tenure.Ports[0].HostIP != "127.0.0.1" || fmt.Sprint(tenure.Ports[0].Target) != port {
		t.Errorf("it is reached at %v, and listens on port %s", tenure.Ports, port)
	}
	if tenure.Build == nil || !strings.Contains(tenure.Build.DockerfileInline, "./cmd/tenure") {
		t.Error("it is not built from here")
	}

	// The environment is what the settings are read from, and leads to the mail
	// catcher.
	for name, value := range tenure.Environment {
		t.Setenv(name, *value)
	}
	settings, err := mailSettingsFromEnvironment().mail()
	if err != nil {
		t.Fatal(err)
	}
	if settings.SMTP == nil || settings.SMTP.Address != mail.Name+":1025" || settings.From == "" {
		t.Errorf("mail is sent by %+v", settings)
	}
	if _, needed := tenure.DependsOn[mail.Name]; !needed {
		t.Error("tenure does not wait for the mail catcher")
	}
}

func serviceOf(t *testing.T, project *types.Project, name string) types.ServiceConfig {
	t.Helper()
	found, err := project.GetService(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
