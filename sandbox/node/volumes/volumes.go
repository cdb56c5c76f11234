// Package volumes provisions persistent volumes as directories of the node.
package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// Provisioner is the name that storage classes give to have their claims served here.
const Provisioner = "sandbox.data-ingestion/local"

// Run serves claims until the context ends. The directories live directly under root.
func Run(ctx context.Context, client kubernetes.Interface, root string) error {
	if err := os.MkdirAll(root, 0o711); err != nil {
		return err
	}
	directories := &directories{root: root}
	// The library's own metrics server is left off: its port number defaults to none.
	controller.NewProvisionController(ctx, client, Provisioner, directories, controller.LeaderElection(false)).Run(ctx)
	return nil
}

// directories makes and removes the directory behind a volume.
type directories struct{ root string }

// Provision makes a directory any user may write to, since a pod's user is not known here, and ties the volume to the
// one node. The kubelet keeps other users of the machine out: root of the volumes is not listable.
func (d *directories) Provision(_ context.Context, options controller.ProvisionOptions) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	claim := options.PVC
	if mode := claim.Spec.VolumeMode; mode != nil && *mode == v1.PersistentVolumeBlock {
		return nil, controller.ProvisioningFinished, errors.New("volumeMode Block: only Filesystem is served")
	}
	path := filepath.Join(d.root, options.PVName)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	// MkdirAll is subject to the umask.
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	kind := v1.HostPathDirectory
	volume := &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: claim.Spec.Resources.Requests[v1.ResourceStorage]},
			PersistentVolumeSource:        v1.PersistentVolumeSource{HostPath: &v1.HostPathVolumeSource{Path: path, Type: &kind}},
		},
	}
	if node := options.SelectedNodeName; node != "" {
		volume.Spec.NodeAffinity = &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{NodeSelectorTerms: []v1.NodeSelectorTerm{{
			MatchExpressions: []v1.NodeSelectorRequirement{{Key: v1.LabelHostname, Operator: v1.NodeSelectorOpIn, Values: []string{node}}},
		}}}}
	}
	return volume, controller.ProvisioningFinished, nil
}

// Delete removes the directory of a released volume whose reclaim policy says so.
func (d *directories) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	source := volume.Spec.HostPath
	if source == nil || filepath.Dir(source.Path) != filepath.Clean(d.root) {
		return fmt.Errorf("volume %s is not a directory of %s", volume.Name, d.root)
	}
	return os.RemoveAll(source.Path)
}
