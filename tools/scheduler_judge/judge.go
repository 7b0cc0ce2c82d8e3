package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/admission"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // the defaults of the API
	podstrategy "k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
	"k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds"
)

// judge is a scheduler with its default profile, whose cache is filled by hand instead of by watching a server.
type judge struct {
	scheduler   *scheduler.Scheduler
	namespaces  cache.Indexer
	replicaSets cache.Indexer
	tolerations *defaulttolerationseconds.Plugin
	logger      klog.Logger
}

func newJudge(ctx context.Context) (*judge, error) {
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	sched, err := scheduler.New(ctx, client, factory, nil, profile.NewRecorderFactory(broadcaster),
		scheduler.WithParallelism(1)) // so small clusters are faster without goroutines
	if err != nil {
		return nil, err
	}
	tolerations := defaulttolerationseconds.NewDefaultTolerationSeconds()
	tolerations.InspectFeatureGates(utilfeature.DefaultFeatureGate)
	return &judge{
		scheduler:   sched,
		namespaces:  factory.Core().V1().Namespaces().Informer().GetIndexer(),
		replicaSets: factory.Apps().V1().ReplicaSets().Informer().GetIndexer(),
		tolerations: tolerations,
		logger:      klog.FromContext(ctx),
	}, nil
}

// answer places the pods of a case, as often as it says.
func (j *judge) answer(g given) answer {
	found := answer{Name: g.Name}
	if err := j.prepare(&g); err != nil {
		found.Error = err.Error()
		return found
	}
	for run := range g.Runs {
		placed := make([][]string, len(g.Groups))
		err := j.inCluster(g, func() error {
			for number, group := range g.Groups {
				nodes, why, err := j.place(group, number)
				if err != nil {
					return err
				}
				placed[number] = nodes
				if run == 0 {
					found.Why = append(found.Why, why)
				}
			}
			return nil
		})
		if err != nil {
			found.Error = err.Error()
			return found
		}
		found.Nodes = append(found.Nodes, placed)
	}
	return found
}

// inCluster calls what has to be done with the nodes and the running pods of a case in the cache, and empties it again.
func (j *judge) inCluster(g given, do func() error) error {
	defer j.empty()
	for number := range g.Namespaces {
		if err := j.namespaces.Add(&g.Namespaces[number]); err != nil {
			return err
		}
	}
	for number, group := range g.Groups {
		if err := j.replicaSets.Add(replicaSet(group, number)); err != nil {
			return err
		}
	}
	for number := range g.Nodes {
		j.scheduler.Cache.AddNode(j.logger, g.Nodes[number].DeepCopy())
	}
	for number := range g.Running {
		if err := j.scheduler.Cache.AddPod(j.logger, g.Running[number].DeepCopy()); err != nil {
			return err
		}
	}
	return do()
}

func (j *judge) empty() {
	dump := j.scheduler.Cache.Dump()
	for _, info := range dump.Nodes {
		for _, pod := range info.GetPods() {
			_ = j.scheduler.Cache.RemovePod(j.logger, pod.GetPod())
		}
		if info.Node() != nil {
			_ = j.scheduler.Cache.RemoveNode(j.logger, info.Node())
		}
	}
	_ = j.namespaces.Replace(nil, "")
	_ = j.replicaSets.Replace(nil, "")
}

func replicaSet(g group, number int) *appsv1.ReplicaSet {
	set := &appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Selector: g.Selector}}
	set.Name, set.Namespace = fmt.Sprintf("set-%d", number), g.Pod.Namespace
	return set
}

// place puts the pods of a group on nodes, one by one, and returns where they went.
func (j *judge) place(g group, number int) ([]string, string, error) {
	nodes, why := []string{}, ""
	for index := range g.Count {
		pod := g.Pod.DeepCopy()
		pod.Name = fmt.Sprintf("%s-%d-%d", pod.Name, number, index)
		pod.UID = types.UID(pod.Name)
		if g.Selector != nil {
			owner := replicaSet(g, number)
			reference := metav1.NewControllerRef(owner, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
			pod.OwnerReferences = []metav1.OwnerReference{*reference}
		}
		node, err := j.node(pod)
		var fit *framework.FitError
		switch {
		case errors.As(err, &fit) || errors.Is(err, scheduler.ErrNoNodesAvailable):
			if why == "" {
				why = err.Error()
			}
			continue // a later one of them may find a node, where all but one want to be near each other
		case err != nil:
			return nil, "", fmt.Errorf("pod %s: %w", pod.Name, err)
		case node == "":
			continue
		}
		pod.Spec.NodeName = node
		if err := j.scheduler.Cache.AddPod(j.logger, pod); err != nil {
			return nil, "", err
		}
		nodes = append(nodes, node)
	}
	return nodes, why, nil
}

// node returns where a pod goes. One that names its node never meets the scheduler: kubelet takes it or not.
func (j *judge) node(pod *v1.Pod) (string, error) {
	ctx := context.Background()
	if name := pod.Spec.NodeName; name != "" {
		info, ok := j.scheduler.Cache.Dump().Nodes[name]
		if !ok || info.Node() == nil || !admitted(pod, info) {
			return "", nil
		}
		return name, nil
	}
	result, err := j.scheduler.SchedulePod(ctx, j.scheduler.Profiles["default-scheduler"], framework.NewCycleState(), pod)
	return result.SuggestedHost, err
}

// prepare makes of pods and nodes what the API server stores of them.
func (j *judge) prepare(g *given) error {
	for number := range g.Namespaces {
		legacyscheme.Scheme.Default(&g.Namespaces[number])
	}
	for number := range g.Nodes {
		legacyscheme.Scheme.Default(&g.Nodes[number])
	}
	for number := range g.Running {
		pod := &g.Running[number]
		status := pod.Status
		if err := j.stored(pod); err != nil {
			return fmt.Errorf("running pod %s: %w", pod.Name, err)
		}
		pod.Status = status
	}
	for number := range g.Groups {
		if err := j.stored(&g.Groups[number].Pod); err != nil {
			return fmt.Errorf("pod %s: %w", g.Groups[number].Pod.Name, err)
		}
	}
	return nil
}

// stored applies defaults, admission and validation to a pod, by the code of the API server.
func (j *judge) stored(pod *v1.Pod) error {
	pod.APIVersion, pod.Kind = "v1", "Pod"
	if pod.Namespace == "" {
		pod.Namespace = metav1.NamespaceDefault
	}
	if pod.UID == "" {
		pod.UID = types.UID(pod.Namespace + "/" + pod.Name)
	}
	legacyscheme.Scheme.Default(pod)
	var internal core.Pod
	if err := legacyscheme.Scheme.Convert(pod, &internal, nil); err != nil {
		return err
	}
	attributes := admission.NewAttributesRecord(&internal, nil, core.Kind("Pod").WithVersion("v1"), pod.Namespace, pod.Name,
		core.Resource("pods").WithVersion("v1"), "", admission.Create, &metav1.CreateOptions{}, false, nil)
	if err := j.tolerations.Admit(context.Background(), attributes, nil); err != nil {
		return err
	}
	podstrategy.Strategy.PrepareForCreate(context.Background(), &internal)
	if problems := podstrategy.Strategy.Validate(context.Background(), &internal); len(problems) > 0 {
		texts := make([]string, len(problems))
		for number, problem := range problems {
			texts[number] = problem.Error()
		}
		return errors.New(strings.Join(texts, "; "))
	}
	stored := v1.Pod{}
	if err := legacyscheme.Scheme.Convert(&internal, &stored, nil); err != nil {
		return err
	}
	*pod = stored
	return nil
}
