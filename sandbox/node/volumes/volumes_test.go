package volumes

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func provision(t *testing.T, root string, claim *v1.PersistentVolumeClaim) (*v1.PersistentVolume, error) {
	t.Helper()
	policy := v1.PersistentVolumeReclaimRetain
	volume, _, err := (&directories{root: root}).Provision(context.Background(), controller.ProvisionOptions{
		StorageClass: &storage.StorageClass{ReclaimPolicy: &policy}, PVName: "pvc-1", PVC: claim, SelectedNodeName: "sandbox",
	})
	return volume, err
}

func TestAVolumeIsADirectoryThatAnyUserOfThePodMayWriteTo(t *testing.T) {
	root := t.TempDir()
	volume, err := provision(t, root, &v1.PersistentVolumeClaim{})
	if err != nil {
		t.Fatal(err)
	}
	if volume.Spec.HostPath.Path != filepath.Join(root, "pvc-1") || volume.Spec.PersistentVolumeReclaimPolicy != v1.PersistentVolumeReclaimRetain {
		t.Errorf("not the directory or the policy asked for: %v", volume.Spec)
	}
	if info, err := os.Stat(volume.Spec.HostPath.Path); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("pods run as users of their own: %v, %v", info, err)
	}
}

func TestABlockVolumeIsRefused(t *testing.T) {
	mode := v1.PersistentVolumeBlock
	if _, err := provision(t, t.TempDir(), &v1.PersistentVolumeClaim{Spec: v1.PersistentVolumeClaimSpec{VolumeMode: &mode}}); err == nil {
		t.Error("a directory is no block device")
	}
}

func TestDeletingRemovesTheDirectoryAndNothingOutsideTheRoot(t *testing.T) {
	root := t.TempDir()
	volume, err := provision(t, root, &v1.PersistentVolumeClaim{})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := volume.DeepCopy()
	elsewhere.Spec.HostPath.Path = t.TempDir()
	if err := (&directories{root: root}).Delete(context.Background(), elsewhere); err == nil || !strings.Contains(err.Error(), root) {
		t.Errorf("a volume that is not of the root must be refused by name: %v", err)
	}
	if err := (&directories{root: root}).Delete(context.Background(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(volume.Spec.HostPath.Path); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
}
