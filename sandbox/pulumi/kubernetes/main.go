// The engine's plugin for Kubernetes: pulumi-kubernetes' own provider, served with the schema that its module brings along.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// Both lie in the module's folder of the module cache, and the build lays them over this one.

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

// version is set by the linker.
var version = "0.0.0"

func main() {
	provider.Serve("kubernetes", version, schema, mapping)
}
